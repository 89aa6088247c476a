-- In a Cluster: a board is never seen, or written to, while it lies on two servers.
--
-- A server knows only KEYS[1] before it runs a script. Where a slot is moved key by key, some keys of a board may lie
-- here and some there, and it would let the script do what it does until the first key that is elsewhere. Two keys that
-- there never are fail it at once, on both sides, for as long as the slot is being moved.
redis.call('EXISTS', '{' .. KEYS[1] .. '}:guard', '{' .. KEYS[1] .. '}:guard too')
