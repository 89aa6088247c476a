-- Takes a board's version away where nothing else is left of it. Replies 1 where nothing is.
--
-- KEYS[1]  the board

local beside = '{' .. KEYS[1] .. '}:'
if redis.call('EXISTS', KEYS[1], beside .. 'rules', beside .. 'places', beside .. 'standings:all') == 0 then
  redis.call('UNLINK', beside .. 'version')
  return 1
end
return 0
