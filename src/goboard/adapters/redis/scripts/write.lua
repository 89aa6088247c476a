-- Writes to one board, in order, as one atomic step.
--
-- KEYS[1]  the board
-- ARGV     n members, then n changes: "1.5" adds to the score, "=1.5" sets it, "x" removes the member,
--          "!" deletes the board (its member is of no account)
-- Replies two values a change: the score and the 0-based position right after it, the score nil where the change was
-- refused because the score would leave ±2^53; for "x" and "!" how many were there, and 0.
--
-- A script has no rollback: what can fail (the key is no sorted set) fails in the two reads before the first write.

local LIMIT = 9007199254740992 -- 2^53
local call, tonumber, abs, sub = redis.call, tonumber, math.abs, string.sub
local key, argv = KEYS[1], ARGV
local n = #argv / 2

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
    reach = math.max(reach, abs(tonumber(sub(change, 2)) or 0))
  end
end
local bounded = reach <= LIMIT / 2

-- Not the sum alone: 2^53 + 1 rounds to 2^53, and an update would be acknowledged and lost.
local function fits(score, delta)
  return delta <= LIMIT - score and delta >= -LIMIT - score and abs(score + delta) <= LIMIT
end

local replies = {}
for i = 1, n do
  local member, change = argv[i], argv[n + i]
  local score, position = false, 0
  if deltas[i] then
    if bounded or fits(tonumber(call('ZSCORE', key, member)) or 0, deltas[i]) then
      score = call('ZINCRBY', key, change, member)
      position = call('ZREVRANK', key, member)
    end
  elseif change == 'x' then
    score = call('ZREM', key, member)
  elseif change == '!' then
    score = call('UNLINK', key)
  else
    score = sub(change, 2)
    call('ZADD', key, score, member)
    position = call('ZREVRANK', key, member)
  end
  replies[2 * i - 1] = score
  replies[2 * i] = position
end
return replies
