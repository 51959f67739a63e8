//! Tokens and comments to entries: what the layout moves as a whole. Takes the lexer's output of a text without syntax
//! errors; must never lose a token or a comment.

use crate::{
    diagnostic::Span,
    syntax::token::{Kind, Literal, Token},
};

/// A statement or an attribute with the comments that belong to it.
#[derive(Debug)]
pub struct Entry {
    /// What stands above it.
    pub lead: Vec<Lead>,
    pub head: Vec<Piece>,
    pub block: Option<Block>,
    /// The comment behind it in the same line.
    pub comment: Option<String>,
}

/// Something between two entries.
#[derive(Debug)]
pub enum Lead {
    Blank,
    Comment(String),
}

/// Part of an entry before its braces.
#[derive(Debug)]
pub enum Piece {
    Token {
        kind: Kind,
        text: String,
    },
    /// A comment where the entry goes on in the next line.
    Comment {
        text: String,
        own_line: bool,
    },
}

/// A file, or what stands between two braces.
#[derive(Debug, Default)]
pub struct Block {
    /// The comment behind the opening brace.
    pub comment: Option<String>,
    pub entries: Vec<Entry>,
    /// What stands below the last entry.
    pub tail: Vec<Lead>,
    pub one_line: bool,
}

impl Block {
    /// Does it hold nothing at all?
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.tail.is_empty() && self.comment.is_none()
    }
}

/// Reads a whole file.
pub fn read(text: &str, tokens: &[Token], comments: &[Span]) -> Block {
    let mut reader = Reader { text, elements: elements(text, tokens, comments), at: 0 };
    let mut file = Block::default();
    reader.block(&mut file, true);
    file
}

/// A token or a comment, and how many newlines stand between it and the one before.
struct Element<'a> {
    token: Option<&'a Token>,
    span: Span,
    newlines: usize,
}

fn elements<'a>(text: &str, tokens: &'a [Token], comments: &[Span]) -> Vec<Element<'a>> {
    let tokens = tokens.iter().filter(|token| token.kind != Kind::Eof);
    let mut all: Vec<Element<'a>> = tokens
        .map(|token| Element { token: Some(token), span: token.span, newlines: 0 })
        .chain(comments.iter().map(|span| Element { token: None, span: *span, newlines: 0 }))
        .collect();
    all.sort_by_key(|element| element.span.start);
    let mut end = 0;
    for element in &mut all {
        element.newlines =
            text.get(end..element.span.start as usize).map_or(0, |between| between.matches('\n').count());
        if element.token.is_none_or(|token| token.kind != Kind::End) {
            end = element.span.end as usize;
        }
    }
    all
}

struct Reader<'a> {
    text: &'a str,
    elements: Vec<Element<'a>>,
    at: usize,
}

impl Reader<'_> {
    /// Reads the entries up to the closing brace or the end of the file.
    fn block(&mut self, block: &mut Block, file: bool) {
        let mut lead = Vec::new();
        while let Some(element) = self.elements.get(self.at) {
            let first = block.entries.is_empty() && lead.is_empty();
            let blank = element.newlines > 1 && !first;
            match element.token.map(|token| &token.kind) {
                Some(Kind::End) => self.at += 1,
                Some(Kind::Close) => break,
                Some(_) => {
                    if blank {
                        lead.push(Lead::Blank);
                    }
                    let entry = self.entry(std::mem::take(&mut lead));
                    block.entries.push(entry);
                }
                None => {
                    let comment = self.words(element.span);
                    let beside = element.newlines == 0 && lead.is_empty();
                    self.at += 1;
                    match block.entries.last_mut() {
                        Some(entry) if beside => entry.comment = Some(comment),
                        None if beside && !file => block.comment = Some(comment),
                        _ => {
                            if blank {
                                lead.push(Lead::Blank);
                            }
                            lead.push(Lead::Comment(comment));
                        }
                    }
                }
            }
        }
        block.tail = lead;
    }

    fn entry(&mut self, lead: Vec<Lead>) -> Entry {
        let mut entry = Entry { lead, head: Vec::new(), block: None, comment: None };
        let mut goes_on = false;
        while let Some(element) = self.elements.get(self.at) {
            match element.token.map(|token| &token.kind) {
                Some(Kind::End | Kind::Close) => break,
                Some(Kind::Open) => {
                    entry.block = Some(self.braces());
                    break;
                }
                Some(kind) => {
                    goes_on = matches!(
                        kind,
                        Kind::Comma | Kind::Arrow | Kind::Reach | Kind::Both | Kind::Colon | Kind::Equals
                    );
                    entry.head.push(Piece::Token { text: written(kind, self.words(element.span)), kind: kind.clone() });
                }
                None if goes_on => {
                    entry.head.push(Piece::Comment { text: self.words(element.span), own_line: element.newlines > 0 });
                }
                None => break,
            }
            self.at += 1;
        }
        entry
    }

    fn braces(&mut self) -> Block {
        let opened = self.elements.get(self.at).map_or(0, |element| element.span.start as usize);
        self.at += 1;
        let mut block = Block::default();
        self.block(&mut block, false);
        let closed = self.elements.get(self.at).map_or(self.text.len(), |element| element.span.end as usize);
        self.at += 1;
        block.one_line = self.text.get(opened..closed).is_some_and(|inside| !inside.contains('\n'));
        block
    }

    fn words(&self, span: Span) -> String {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("").trim_end().to_owned()
    }
}

/// A token as the layout writes it: as the author did, with small hexadecimal digits and no needless escapes.
fn written(kind: &Kind, text: String) -> String {
    match kind {
        Kind::Literal(Literal::Text(value)) => quoted(value),
        Kind::Literal(Literal::Address(_) | Literal::Prefix(..) | Literal::AddressRange(..) | Literal::Mac(_)) => {
            text.to_ascii_lowercase()
        }
        _ => text,
    }
}

fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if character.is_control() => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}
