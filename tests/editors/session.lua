-- One session in Neovim, without a screen: what the plugin and the language server do to a policy. Says one line a step.

local function say(...)
  io.stdout:write(table.concat({ ... }, " "), "\n")
end

local function wait_for(what, condition)
  if not vim.wait(20000, condition, 20) then
    say("waited in vain for", what)
    vim.cmd("cquit!")
  end
end

local function ask(method, more)
  local parameters = vim.tbl_extend("force", vim.lsp.util.make_position_params(), more or {})
  local answers = vim.lsp.buf_request_sync(0, method, parameters, 20000)
  for _, answer in pairs(answers or {}) do
    if answer.error then
      say("error:", answer.error.message)
    end
    return answer.result
  end
end

local function findings()
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    table.insert(found, string.format("line %d: %s", one.lnum + 1, vim.split(one.message, "\n")[1]))
  end
  table.sort(found)
  return found
end

say("filetype", vim.bo.filetype, "syntax", vim.b.current_syntax)
wait_for("the first findings", function()
  return #findings() > 0
end)
for _, found in ipairs(findings()) do
  say("finding", found)
end

-- What a word is coloured as.
local function colour(line, text)
  local column = vim.fn.getline(line):find(text, 1, true)
  return vim.fn.synIDattr(vim.fn.synID(line, column, 1), "name")
end
vim.cmd("syntax sync fromstart")
for _, place in ipairs({
  { 2, "router" }, { 2, "target" }, { 3, "internet" }, { 4, "10.0.10.0" }, { 6, "allow" }, { 6, "->" }, { 6, "tcp" }, { 6, "# a slip" },
}) do
  say("colour of", place[2], colour(place[1], place[2]))
end

vim.fn.cursor(6, vim.fn.getline(6):find("lan", 1, true))
local hover = ask("textDocument/hover")
say("hover", vim.split(hover.contents.value, "\n")[1])
local definition = ask("textDocument/definition")
definition = definition[1] or definition
say("definition in line", definition.range.start.line + 1)

local edit = ask("textDocument/rename", { newName = "desks" })
vim.lsp.util.apply_workspace_edit(edit, "utf-16")
say("renamed", vim.fn.getline(6))

vim.fn.setline(6, "allow desks -> iot : ssh")
wait_for("no finding", function()
  return #findings() == 0
end)
say("mended")

local layout = ask("textDocument/formatting", { options = { tabSize = 4, insertSpaces = true } })
vim.lsp.util.apply_text_edits(layout, 0, "utf-16")
for _, line in ipairs(vim.fn.getline(1, "$")) do
  say("|", line)
end
vim.cmd("qall!")
