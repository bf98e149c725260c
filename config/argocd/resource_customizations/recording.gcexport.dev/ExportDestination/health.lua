-- The kind follows kstatus: Ready is always present, Reconciling and Stalled only
-- while they are true, and observedGeneration is the generation that the status describes.
-- Verified is False if files differ from the sealed ones: the operator can still write
-- evidence, so the destination is Ready, but a person has to act. A person also has to
-- act while SigningKeyChanged is present, until they confirm the new key.
local health = {status = "Progressing", message = "Waiting for the operator"}
local status = obj.status
if status == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end
local ready, verified, key = nil, nil, nil
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Stalled" and condition.status == "True" then
    return {status = "Degraded", message = condition.message}
  end
  if condition.type == "Ready" then
    ready = condition
  end
  if condition.type == "Verified" then
    verified = condition
  end
  if condition.type == "SigningKeyChanged" then
    key = condition
  end
end
if ready == nil then
  return health
end
if verified ~= nil and verified.status == "False" then
  return {status = "Degraded", message = verified.message}
end
if key ~= nil and key.status == "True" then
  return {status = "Degraded", message = key.message}
end
if ready.status == "True" then
  health.status = "Healthy"
end
health.message = ready.message
return health
