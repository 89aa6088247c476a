-- Reads of a board without rules, all of one moment. (ZREVRANK's WITHSCORE needs Redis 7.2.)
--
-- KEYS[1]  the board
-- ARGV     the 0-based position of the last of the first places, or "" for none of them (a text all the way: a Lua
--          number is a double, which cannot hold the largest), then the members whose places are asked for
-- Replies the number of members, the first places (name, score, name, score, ...), then for each member that is asked
-- for its score and 0-based position, or two nils. Or replies {"stale", rules} where the board has rules.

local call, key = redis.call, KEYS[1]
local rules = call('GET', '{' .. key .. '}:rules')
if rules then
  return {'stale', rules}
end
local replies = {call('ZCARD', key), {}}
if ARGV[1] ~= '' then
  replies[2] = call('ZREVRANGE', key, 0, ARGV[1], 'WITHSCORES')
end
for i = 2, #ARGV do
  local score = call('ZSCORE', key, ARGV[i])
  replies[2 * i - 1] = score
  replies[2 * i] = score and call('ZREVRANK', key, ARGV[i])
end
return replies
