-- SPDX-License-Identifier: MIT
--
-- The 16 requests of requests.h for wrk, DEPTH at a time: wrk -s wrk.lua URL -- FILE DEPTH
local batches, at = {}, 0

function init(args)
   local file = assert(io.open(args[1], "rb"))
   local text, all, depth = file:read("*a"), {}, tonumber(args[2])
   for request in text:gmatch("GET .-\r\n\r\n") do
      all[#all + 1] = request
   end
   for i = 1, #all do
      local batch = {}
      for k = 0, depth - 1 do
         batch[#batch + 1] = all[(i + k - 1) % #all + 1]
      end
      batches[i] = table.concat(batch)
   end
end

function request()
   at = at % #batches + 1
   return batches[at]
end
