-- What the scripts share: where the standings of a period lie, and how they are ordered.
--
-- A place is the standings of one period or archive. Its form is its order (desc, asc) and its ties (member, earliest,
-- shared, dense). An element is what a sorted set holds of a member: its name, or with earliest six bytes before it,
-- by which who reached the score first stands higher.

local call, tonumber, sub, byte, format = redis.call, tonumber, string.sub, string.byte, string.format
local base = KEYS[1]
local beside = '{' .. base .. '}:'
local PREFIX = 6
local LAST_NUMBER = 2 ^ 48 - 1
-- How many ms a period's keys outlive the time in which it can be read. Mostly the next period's first write lets go of
-- them before, by UNLINK; a key that expires Redis frees at once, which took 670 ms for a million members.
local GRACE = 86400000

-- The text that reads back as the same double; whole numbers take a faster way.
local function exact(number)
  if number % 1 == 0 and number ~= 0 and number < 1e15 and number > -1e15 then
    return format('%d', number)
  end
  return format('%.17g', number)
end

local function place_of(name, order, ties)
  local place = {name = name, order = order, ties = ties, asc = order == 'asc', attempts = beside .. 'attempts:' .. name}
  place.earliest, place.dense, place.shared = ties == 'earliest', ties == 'dense', ties == 'shared'
  if name == 'all' and not place.earliest then
    place.standings = base
  else
    place.standings = beside .. 'standings:' .. name
  end
  if place.earliest then
    place.companion = beside .. 'reached:' .. name
  elseif place.dense then
    place.companion = beside .. 'scores:' .. name
  end
  return place
end

-- The rules under which a call was made still hold: nil; else what the call is to reply.
local function outdated(tag)
  local stored = call('GET', beside .. 'rules')
  if tag == '' and not stored or stored and sub(stored, 1, #tag + 1) == tag .. '\n' then
    return nil
  end
  return {'stale', stored or ''}
end

local function name_of(place, element)
  return place.earliest and sub(element, PREFIX + 1) or element
end

local function element_of(place, member)
  if not place.earliest then
    return member
  end
  local prefix = call('HGET', place.companion, member)
  return prefix and prefix .. member
end

local function score_of(place, member)
  local element = element_of(place, member)
  return element and call('ZSCORE', place.standings, element), element
end

local function position_of(place, element)
  return call(place.asc and 'ZRANK' or 'ZREVRANK', place.standings, element)
end

-- How many have a better score, how many a worse one, how many the same.
local function better(place, score)
  if place.asc then
    return call('ZCOUNT', place.standings, '-inf', '(' .. score)
  end
  return call('ZCOUNT', place.standings, '(' .. score, '+inf')
end

local function worse(place, score)
  if place.asc then
    return call('ZCOUNT', place.standings, '(' .. score, '+inf')
  end
  return call('ZCOUNT', place.standings, '-inf', '(' .. score)
end

local function equal(place, score)
  return call('ZCOUNT', place.standings, score, score)
end

-- The rank of an element with this score; its position is looked up where it is not given.
local function rank_of(place, element, score, position)
  if place.shared then
    return better(place, score) + 1
  elseif place.dense then
    if place.asc then
      return call('ZCOUNT', place.companion, '-inf', '(' .. score) + 1
    end
    return call('ZCOUNT', place.companion, '(' .. score, '+inf') + 1
  end
  return (position or position_of(place, element)) + 1
end

-- Somebody has this score no more.
local function drop_score(place, score)
  if place.dense and equal(place, score) == 0 then
    call('ZREM', place.companion, exact(tonumber(score)))
  end
end

-- Take the last of the standings off, and give its name.
local function pop_worst(place)
  local worst = call(place.asc and 'ZPOPMAX' or 'ZPOPMIN', place.standings)
  local member = name_of(place, worst[1])
  if place.earliest then
    call('HDEL', place.companion, member)
  end
  drop_score(place, worst[2])
  return member
end

-- Periods and archives of the board that can be read at `now` (milliseconds), with when they end; `all` is not named.
local function places_at(now)
  local found, flat = {}, call('HGETALL', beside .. 'places')
  for i = 1, #flat, 2 do
    local order, ties, expiry = string.match(flat[i + 1], '^(%a+) (%a+) (.+)$')
    if expiry == 'never' or tonumber(expiry) > now then
      local place = place_of(flat[i], order, ties)
      place.expiry = expiry == 'never' and math.huge or tonumber(expiry)
      found[#found + 1] = place
    end
  end
  return found
end

local function unlink_place(place)
  call('UNLINK', place.standings, place.attempts)
  if place.companion then
    call('UNLINK', place.companion)
  end
end

-- Let go of periods that can be read no more.
local function let_go_of_what_is_over(now)
  local flat = call('HGETALL', beside .. 'places')
  for i = 1, #flat, 2 do
    local order, ties, expiry = string.match(flat[i + 1], '^(%a+) (%a+) (.+)$')
    if flat[i] ~= '' and expiry ~= 'never' and tonumber(expiry) <= now then
      unlink_place(place_of(flat[i], order, ties))
      call('HDEL', beside .. 'places', flat[i])
    end
  end
end
