-- What there is of a member beside its score, metadata and track, and how long it is kept: while the member stands
-- somewhere.

local METADATA, TRACK, UNTIL = beside .. 'metadata', beside .. 'track', beside .. 'until'
local has_metadata, has_track = call('HLEN', METADATA) > 0, call('HLEN', TRACK) > 0
-- Read here although nothing asks for it: a key of another type fails the script now, before anything is written.
call('HLEN', beside .. 'places')
call('ZCARD', UNTIL)
local all_place, traces_now

-- Say under which rules, and when: `has_all` where the window `all` is among them.
local function traces_of(order, ties, has_all, now)
  all_place = has_all and place_of('all', order, ties)
  traces_now = now
end

-- Until when the member stands somewhere: for ever, a time, or nil: nowhere.
local function stands_until(member)
  if all_place and score_of(all_place, member) then
    return math.huge
  end
  local latest
  for _, place in ipairs(places_at(traces_now)) do
    if score_of(place, member) and place.expiry > (latest or 0) then
      latest = place.expiry
    end
  end
  return latest
end

local function forget(member)
  call('HDEL', METADATA, member)
  call('HDEL', TRACK, member)
  call('ZREM', UNTIL, member)
end

local function has_traces(member)
  return has_metadata and call('HEXISTS', METADATA, member) == 1 or has_track and call('HEXISTS', TRACK, member) == 1
end

-- Keep what there is of a member beside its score for as long as it stands somewhere.
local function settle_traces(member)
  if not has_traces(member) then
    return
  end
  local latest = stands_until(member)
  if not latest then
    forget(member)
  elseif latest ~= math.huge then
    call('ZADD', UNTIL, exact(latest), member)
  end
end
