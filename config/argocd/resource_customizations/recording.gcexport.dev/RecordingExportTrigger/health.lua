-- The kind follows kstatus: Ready is always present, Reconciling and Stalled only
-- while they are true, and observedGeneration is the generation that the status describes.
local health = {status = "Progressing", message = "Waiting for the operator"}
local status = obj.status
if status == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end
local ready = nil
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Stalled" and condition.status == "True" then
    return {status = "Degraded", message = condition.message}
  end
  if condition.type == "Ready" then
    ready = condition
  end
end
if ready == nil then
  return health
end
if ready.status == "True" then
  health.status = "Healthy"
end
health.message = ready.message
return health
