-- Writes to a board without rules, in order, as one atomic step: the seed's, and most of what there is.
--
-- KEYS[1]  the board
-- ARGV     n members, then n changes: "1.5" adds to the score, "=1.5" sets it
-- Replies 1 where the board had no members before, else 0, then two values a change: the score and the 0-based position
-- right after it, the score nil where the change was refused because the score would leave ±2^53; where "=" changed
-- nothing, the position less one is negative: -1 is the first place, -2 the second.
-- Or replies {"stale", rules} where the board has rules, or {"busy"}; nothing is written then.
--
-- A script has no rollback: what can fail (the key is no sorted set) fails in the reads before the first write.

local LIMIT = 9007199254740992 -- 2^53
local call, tonumber, abs, sub = redis.call, tonumber, math.abs, string.sub
local key, argv = KEYS[1], ARGV
local n = #argv / 2

local beside = '{' .. key .. '}:'
local rules = call('GET', beside .. 'rules') -- not MGET: that takes a key of another type for one that is not there
if rules then
  return {'stale', rules}
elseif call('EXISTS', beside .. 'moving') == 1 then
  return {'busy'}
end

-- How far from 0 any score can be when all is done. Where this stays within half the limit (far enough from it for
-- rounding to be of no account), every score stays within the limit, and no member's score need be looked up: that
-- spares a fifth of the time.
local highest = call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
local lowest = call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
local reach = math.max(abs(tonumber(highest or 0)), abs(tonumber(lowest or 0)))
local deltas = {}
for i = 1, n do
  local change = argv[n + i]
  local delta = tonumber(change)
  deltas[i] = delta or false
  if delta then
    reach = reach + abs(delta)
  else
    reach = math.max(reach, abs(tonumber(sub(change, 2))))
  end
end
local bounded = reach <= LIMIT / 2

-- Not the sum alone: 2^53 + 1 rounds to 2^53, and an update would be acknowledged and lost.
local function fits(score, delta)
  return delta <= LIMIT - score and delta >= -LIMIT - score and abs(score + delta) <= LIMIT
end

raise_version()
local replies = {highest and 0 or 1}
for i = 1, n do
  local member, change = argv[i], argv[n + i]
  local score, position = false, 0
  if not deltas[i] then
    score = sub(change, 2)
    local changed = call('ZADD', key, 'CH', score, member)
    position = call('ZREVRANK', key, member)
    if changed == 0 then
      position = -1 - position
    end
  elseif bounded or fits(tonumber(call('ZSCORE', key, member)) or 0, deltas[i]) then
    score = call('ZINCRBY', key, change, member)
    position = call('ZREVRANK', key, member)
  end
  replies[2 * i] = score
  replies[2 * i + 1] = position
end
return replies
