-- Takes a board out of the index, where nothing is left of it but its version, which goes too.
--
-- KEYS[1]  the board
-- ARGV     the index, the board's name

local beside = '{' .. KEYS[1] .. '}:'
if redis.call('EXISTS', KEYS[1], beside .. 'rules', beside .. 'places', beside .. 'standings:all') == 0 then
  redis.call('ZREM', ARGV[1], ARGV[2])
  redis.call('UNLINK', beside .. 'version')
end
return 0
