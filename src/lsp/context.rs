//! What is being written at a place: told from the words before it alone, since nothing behind it need make sense yet.

use crate::syntax::{
    Parse, STATEMENTS,
    token::{Kind, Token},
};

/// The words before a place.
#[derive(Debug, Default)]
pub struct Context<'p> {
    /// Those of the statement, up to its braces.
    pub statement: Vec<&'p Token>,
    /// How many braces are open.
    pub depth: usize,
    /// Of the entry in the innermost braces.
    pub entry: Vec<&'p Token>,
    /// The first words of the entries before it in the same braces.
    pub earlier: Vec<&'p str>,
    /// The entries around the braces that are open within those of the statement, outermost first.
    around: Vec<Vec<&'p Token>>,
    /// Where the word begins that is being written.
    pub start: u32,
    /// Is this inside a comment or a literal?
    pub mute: bool,
}

/// The context of a place.
pub fn at<'p>(text: &'p str, parsed: &'p Parse, at: u32) -> Context<'p> {
    let mut walk = Walk::new(text);
    let mut start = at;
    // `std.` is a name that has only begun, though no name may end like this.
    let dot = text.get(..at as usize).is_some_and(|before| before.ends_with('.'));
    let at = if dot { at - 1 } else { at };
    for token in parsed.tokens.iter().take_while(|token| token.span.start < at) {
        let touched = token.span.end >= at && matches!(token.kind, Kind::Word(_));
        if touched {
            start = token.span.start;
            break;
        }
        // The end of a line lies behind its last word, and counts once the place is on another line.
        let between = text.get(token.span.start as usize..at as usize).unwrap_or("");
        if token.kind == Kind::End && token.span.end == token.span.start && !between.contains('\n') {
            continue;
        }
        walk.step(token);
        walk.take(token);
    }
    let mut context = walk.context;
    context.start = start;
    context.mute = parsed.comments.iter().any(|comment| comment.start < at && at <= comment.end)
        || parsed.tokens.iter().any(|token| {
            matches!(token.kind, Kind::Literal(_) | Kind::Bad) && token.span.start < at && at <= token.span.end
        });
    context
}

/// Goes through the words of a text and knows the context of each.
pub struct Walk<'p> {
    text: &'p str,
    context: Context<'p>,
}

impl<'p> Walk<'p> {
    pub fn new(text: &'p str) -> Self {
        Self { text, context: Context::default() }
    }

    /// The context of the next word. A key word in the first column begins a statement, whatever stands before it.
    pub fn step(&mut self, token: &Token) -> &Context<'p> {
        let start = token.span.start as usize;
        let line_start = start == 0 || self.text.as_bytes().get(start - 1).is_some_and(|byte| *byte == b'\n');
        if line_start && word(token).is_some_and(|word| STATEMENTS.contains(&word)) {
            self.context = Context::default();
        }
        &self.context
    }

    /// Takes the word.
    pub fn take(&mut self, token: &'p Token) {
        match token.kind {
            Kind::End => self.context.end(),
            Kind::Open => self.context.open(),
            Kind::Close => self.context.close(),
            Kind::Eof => {}
            _ => self.context.push(token),
        }
    }
}

impl<'p> Context<'p> {
    fn push(&mut self, token: &'p Token) {
        if self.depth == 0 { self.statement.push(token) } else { self.entry.push(token) }
    }

    fn end(&mut self) {
        if self.depth == 0 {
            self.statement.clear();
        } else {
            self.earlier.extend(self.entry.first().and_then(|token| word(token)));
            self.entry.clear();
        }
    }

    fn open(&mut self) {
        if self.depth > 0 {
            self.around.push(std::mem::take(&mut self.entry));
        }
        self.depth += 1;
        self.earlier.clear();
    }

    fn close(&mut self) {
        self.entry.clear();
        self.earlier.clear();
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.statement.clear();
        }
        self.around.pop();
    }

    /// The key word of the statement.
    pub fn keyword(&self) -> &'p str {
        self.statement.first().and_then(|token| word(token)).unwrap_or("")
    }

    /// The key word of whatever the innermost braces belong to.
    pub fn owner(&self) -> &'p str {
        match self.around.last() {
            Some(entry) => entry.first().and_then(|token| word(token)).unwrap_or(""),
            None => self.keyword(),
        }
    }
}

/// The text of a word.
pub fn word(token: &Token) -> Option<&str> {
    match &token.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}
