-- What submit.lua is called with: the rules, and the places in which a change counts.

local stale = outdated(ARGV[1])
if stale then
  return stale
elseif call('EXISTS', beside .. 'moving') == 1 then
  return {'busy'}
end

local order, ties, operator = ARGV[2], ARGV[3], ARGV[4]
local least, greatest, max_increment = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local capacity, track, max_attempts = tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10])
local now = tonumber(ARGV[12])
local LIMIT = 9007199254740992 -- 2^53

local places, next_argument, kept_for, has_all = {}, 14, 0, false
for i = 1, tonumber(ARGV[13]) do
  local place = place_of(ARGV[next_argument], order, ties)
  place.ttl = tonumber(ARGV[next_argument + 1])
  place.card = call('ZCARD', place.standings)
  if place.dense then
    call('ZCARD', place.companion)
  elseif place.earliest then
    place.number = tonumber(call('HGET', place.companion, '') or 0)
  end
  if place.ttl then
    kept_for = math.max(kept_for, place.ttl)
  else
    has_all = true
  end
  place.outcome = {} -- of the change at hand: one table for all changes, made once
  places[i] = place
  next_argument = next_argument + 2
end
local counted = max_attempts and places[tonumber(ARGV[11])]
traces_of(order, ties, has_all, now)
local created = places[1].card == 0 and 1 or 0

-- Register periods that are written to for the first time, and let go of those that are over.
local function register(place)
  local form = order .. ' ' .. ties .. ' ' .. exact(now + place.ttl)
  if call('HGET', beside .. 'places', place.name) then
    return
  end
  let_go_of_what_is_over(now)
  call('HSET', beside .. 'places', place.name, form)
end

-- Look again at members whose time has come; a few at each call, so that none takes long.
local function sweep()
  local due = call('ZRANGEBYSCORE', UNTIL, '-inf', exact(now), 'LIMIT', 0, 20)
  for _, member in ipairs(due) do
    call('ZREM', UNTIL, member)
    settle_traces(member)
  end
end
