-- What takes members off: removal, deletion, archives.

local function take_off(place, member)
  local score, element = score_of(place, member)
  if not score then
    return 0
  end
  call('ZREM', place.standings, element)
  if place.earliest then
    call('HDEL', place.companion, member)
    if call('ZCARD', place.standings) == 0 then
      call('DEL', place.companion)
      place.number = 0
    end
  end
  drop_score(place, score)
  return 1
end

-- All places, read once: a key of another type fails the script here, before anything is written.
local function places_checked()
  local found = places_at(now)
  found[#found + 1] = place_of('all', order, ties)
  for _, place in ipairs(found) do
    call('ZCARD', place.standings)
    call('HLEN', place.attempts)
    if place.companion then
      call(place.dense and 'ZCARD' or 'HLEN', place.companion)
    end
  end
  return found
end

local function remove(member)
  local found = 0
  for _, place in ipairs(places_checked()) do
    found = found + take_off(place, member)
    call('HDEL', place.attempts, member)
  end
  forget(member)
  for _, place in ipairs(places) do
    if place.earliest then
      place.number = tonumber(call('HGET', place.companion, '') or 0)
    end
  end
  return found
end

local function delete()
  places_checked()
  local all = place_of('all', order, ties)
  local found = call('ZCARD', all.standings)
  unlink_place(all)
  local flat = call('HGETALL', beside .. 'places')
  for i = 1, #flat, 2 do
    local old_order, old_ties, expiry = string.match(flat[i + 1], '^(%a+) (%a+) (.+)$')
    local place = place_of(flat[i], old_order, old_ties)
    if expiry == 'never' or tonumber(expiry) > now then
      found = found + call('ZCARD', place.standings)
    end
    unlink_place(place)
  end
  call('UNLINK', beside .. 'places', METADATA, TRACK, UNTIL, beside .. 'rules', beside .. 'version')
  return found
end

local function place_of_window(window)
  for _, place in ipairs(places) do
    if window == '' or place.name == window or sub(place.name, 1, #window + 1) == window .. '/' then
      return place
    end
  end
end

local function archive(place, name)
  local aside = place_of('archive/' .. name, order, ties)
  if call('HEXISTS', beside .. 'places', aside.name) == 1 then
    return false
  end
  local card = call('ZCARD', place.standings)
  if card == 0 then
    return 0
  end
  call('RENAME', place.standings, aside.standings)
  call('PERSIST', aside.standings)
  if place.companion then
    call('RENAME', place.companion, aside.companion)
    call('PERSIST', aside.companion)
  end
  call('UNLINK', place.attempts)
  call('HDEL', beside .. 'places', place.name)
  call('HSET', beside .. 'places', aside.name, order .. ' ' .. ties .. ' never', '', 'asc member 0')
  call('PERSIST', METADATA)
  call('PERSIST', TRACK)
  place.number, place.card = 0, 0
  return card
end
