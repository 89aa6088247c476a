-- A member's score and 0-based position of one moment, or nil. (ZREVRANK's WITHSCORE needs Redis 7.2.)
--
-- KEYS[1]  the board
-- ARGV[1]  the member

local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score then
  return false
end
return {score, redis.call('ZREVRANK', KEYS[1], ARGV[1])}
