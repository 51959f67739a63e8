" Policies of hedgerow. The language server's semantic tokens, where the editor shows them, know more.
if exists('b:current_syntax')
  finish
endif

syntax match hedgeComment /#.*$/ contains=@Spell
syntax region hedgeText start=/"/ skip=/\\./ end=/"\|$/ contains=hedgeEscape,@Spell
syntax match hedgeEscape /\\\%(["\\nt]\|u{\x\{1,6}}\)/ contained

syntax match hedgeAttribute /\%(^\s\+\|[;{]\s*\)\@<=\%(\%(tcp\|udp\|sctp\|icmp\|icmpv6\|proto\|never\|always\|only\)\>\)\@![a-z][0-9A-Za-z_-]*/
syntax match hedgeBuiltIn /\%([-.]\)\@<!\<\%(any\|router\|internet\|private\|role\.[a-z-]\+\)\>\%([-.]\)\@!/
syntax match hedgeModule /\<std\%(\.[A-Za-z0-9_-]\+\)\+/
syntax match hedgeWord /\%([-.]\)\@<!\<\%(except\|as\|from\|between\)\>\%([-.]\)\@!/
syntax match hedgeProtocol /\%([-.]\)\@<!\<\%(tcp\|udp\|sctp\|icmp\|icmpv6\|proto\)\>\%([-.]\)\@!/
syntax match hedgeArrow /<->\|->\|\~>/
syntax match hedgeNumber /\%([-.A-Za-z_]\)\@<!\<\d[0-9A-Fa-f:.\/-]*\>/
syntax match hedgeNumber /\<\x\{1,4}:[0-9A-Fa-f:]*\%(\/\d\+\)\=\|::\x[0-9A-Fa-f:]*\%(\/\d\+\)\=/
" Behind the names: a word that is both begins a statement where one can begin.
syntax match hedgeStatement /\%(^\|[;{]\)\s*\zs\%(use\|router\|zone\|host\|group\|service\|integration\|schedule\|ranges\|allow\|deny\|expose\|vpn\|redirect\|reflect\|home-assistant\|never\|always\|only\|exposed\|check\|waive\)\>\%([-.]\)\@!/

highlight default link hedgeComment Comment
highlight default link hedgeText String
highlight default link hedgeEscape SpecialChar
highlight default link hedgeStatement Keyword
highlight default link hedgeAttribute Identifier
highlight default link hedgeBuiltIn Constant
highlight default link hedgeModule Include
highlight default link hedgeWord Operator
highlight default link hedgeProtocol Type
highlight default link hedgeArrow Operator
highlight default link hedgeNumber Number

let b:current_syntax = 'hedge'
