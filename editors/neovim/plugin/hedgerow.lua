-- Starts the language server for policies. `vim.g.hedgerow_command` is the command, if it is not `hedgerow lsp`;
-- `vim.g.hedgerow_start = false` leaves the start to the user's own configuration.

if vim.g.hedgerow_start == false then
  return
end

if vim.lsp.config and vim.lsp.enable then
  vim.lsp.enable("hedgerow")
  return
end

-- Before Neovim 0.11.

local function root(file)
  local above = vim.fn.fnamemodify(file, ":p:h")
  local found = vim.fn.findfile("hedgerow.toml", above .. ";")
  if found ~= "" then
    return vim.fn.fnamemodify(found, ":p:h")
  end
  found = vim.fn.finddir(".git", above .. ";")
  return found ~= "" and vim.fn.fnamemodify(found, ":p:h:h") or above
end

local clients = {}

local function start(buffer)
  local folder = root(vim.api.nvim_buf_get_name(buffer))
  local config = { name = "hedgerow", cmd = vim.g.hedgerow_command or { "hedgerow", "lsp" }, root_dir = folder }
  if vim.lsp.start then
    vim.lsp.start(config)
    return
  end
  -- Before Neovim 0.8.
  local client = clients[folder]
  if not client or vim.lsp.client_is_stopped(client) then
    client = vim.lsp.start_client(config)
    clients[folder] = client
  end
  if client then
    vim.lsp.buf_attach_client(buffer, client)
  end
end

vim.api.nvim_create_autocmd("FileType", {
  pattern = "hedge",
  callback = function(event)
    start(event.buf)
  end,
})
