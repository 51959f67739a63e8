-- For Neovim 0.11 and newer, which looks here for what `vim.lsp.enable("hedgerow")` starts.
return {
  cmd = vim.g.hedgerow_command or { "hedgerow", "lsp" },
  filetypes = { "hedge" },
  root_markers = { "hedgerow.toml", ".git" },
}
