autocmd BufRead,BufNewFile *.hedge setfiletype hedge
