-- Writes to a board by its rules, in order, as one atomic step; what is written counts in every place. The parts before
-- this one, which Redis gets with it, read the arguments and do the single changes.
--
-- KEYS[1]  the board
-- ARGV     1 the rules' tag, 2 order, 3 ties, 4 operator, 5 the least and 6 the greatest score, 7 max_increment or "",
--          8 capacity or "", 9 "1" where updates are tracked, 10 how many attempts or "", 11 the number of the place
--          in which they count, 12 the time in ms, 13 how many places there are; then for each place its name and for
--          how many ms it is to be kept ("" for ever); then how many changes have a key, and where some have, for how
--          many ms answers are remembered, and how many at most; then four for each change: the member, what is done,
--          metadata or "", the time in ms; then two for each that has a key: its number, from 1, and 24 bytes that
--          operations.lua explains. What is done is "i1.5" (an increment), "s1.5" (a submission), "=1.5" (set), "x"
--          (remove the member everywhere), "!" (delete the board: the last of its call), "adaily" (set the place of the
--          window aside under the name that stands for the member; "a": the first place), "n" (nothing).
-- Replies 1 where the first place had no members before, else 0, then three values a change: the score in the first
-- place, the rank there (nil: the member is not kept), and 1 or 0 for improved; or nil, nil and a word that says why it
-- was refused. For "x", "!", "a", "n": how many members, 0, 0; for "a" also nil, nil, and "exists" or "window".
-- Or replies {"stale", rules}, or {"busy"}; nothing is written then.
--
-- A script has no rollback: what can fail (a key is of another type) fails in the reads before the first write.

if last_change > first_change + 3 or ARGV[first_change + 1] ~= 'n' then -- "n" alone writes nothing
  raise_version()
end
if has_metadata or has_track then
  sweep()
end
local replies, argv, last = {created}, ARGV, 1
for i = first_change, last_change, 4 do
  local member, change, metadata, at = argv[i], argv[i + 1], argv[i + 2], argv[i + 3]
  local kind = sub(change, 1, 1)
  local a, b, c = 0, 0, 0
  if kind == 'x' or kind == '!' or kind == 'a' then
    write_numbers()
  end
  if kind == 'x' then
    a = remove(member)
  elseif kind == '!' then
    a = delete()
  elseif kind == 'a' then
    local place = place_of_window(sub(change, 2))
    a = place and archive(place, member) or false
    if not a then
      b, c = false, place and 'exists' or 'window'
    end
  elseif kind ~= 'n' then
    local operation = named[(i - first_change) / 4 + 1]
    if operation then
      a, b, c = once(operation, member, kind, tonumber(sub(change, 2)), metadata, at)
    else
      a, b, c = submit(member, kind, tonumber(sub(change, 2)), metadata, at)
    end
  end
  replies[last + 1], replies[last + 2], replies[last + 3] = a, b, c
  last = last + 3
end
write_numbers()
remember()

-- What belongs to a period goes with it; what belongs to members of periods alone goes with the last of these.
local function expire(key, ttl)
  if call('PTTL', key) == -1 then
    call('PEXPIRE', key, exact(ttl + GRACE))
  end
end

for _, place in ipairs(places) do
  if place.ttl then
    expire(place.standings, place.ttl)
    expire(place.attempts, place.ttl)
    if place.companion then
      expire(place.companion, place.ttl)
    end
  end
end
if not has_all and (has_metadata or has_track) and call('HEXISTS', beside .. 'places', '') == 0 then
  for _, key in ipairs({METADATA, TRACK, UNTIL}) do
    call('PEXPIRE', key, exact(kept_for + GRACE))
  end
end
return replies
