-- For Debian's wrk: photos of a folder as bodies, one after the other.
--   wrk -t1 -c1 -d20s --latency -s docs/examples/serve/wrk.lua http://127.0.0.1:8077/score -- FOLDER
local bodies, at = {}, 0

function init(arguments)
  local list = io.popen("ls " .. arguments[1] .. "/*.jpg")
  for path in list:lines() do
    local file = io.open(path, "rb")
    bodies[#bodies + 1] = file:read("*a")
    file:close()
  end
  list:close()
end

function request()
  at = at % #bodies + 1
  return wrk.format("POST", nil, { ["Content-Type"] = "image/jpeg" }, bodies[at])
end
