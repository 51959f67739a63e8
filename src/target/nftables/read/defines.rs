//! Takes the tokens of a file and gives them with every `include` replaced by that file and every `$name` by what
//! `define` gave it, as nft does while it parses: in the order of the text, a name being known to the end of the block
//! that defines it. What is put in stands at the place where it is used.

use std::collections::BTreeMap;

use super::{
    error::ReadError,
    lexer::{Kind, Token, describe, tokens},
};

/// nft's own bound on nested includes.
const DEPTH: usize = 16;

/// Words in all after variables are put in: variables of variables double with every line.
const MOST: usize = 4_000_000;

/// Gives the text of an included file, if it can be had.
pub type Include<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Resolves includes and variables.
pub fn resolve(text: &str, include: &Include) -> Result<Vec<Token>, ReadError> {
    let mut resolver = Resolver { include, scopes: vec![BTreeMap::new()], done: Vec::new() };
    resolver.file(text, None, 0)?;
    shallow(&resolver.done)?;
    Ok(resolver.done)
}

/// Refuses brackets nested deeper than any rule needs, so that no parser runs out of stack.
fn shallow(tokens: &[Token]) -> Result<(), ReadError> {
    let mut depth = 0_usize;
    for token in tokens {
        if ["{", "(", "["].iter().any(|sign| token.is(sign)) {
            depth += 1;
        } else if ["}", ")", "]"].iter().any(|sign| token.is(sign)) {
            depth = depth.saturating_sub(1);
        }
        if depth > 32 {
            return Err(expected("fewer brackets inside each other", token, Some(token)));
        }
    }
    Ok(())
}

struct Resolver<'a> {
    include: &'a Include<'a>,
    scopes: Vec<BTreeMap<String, Vec<Token>>>,
    done: Vec<Token>,
}

impl Resolver<'_> {
    fn file(&mut self, text: &str, at: Option<&Token>, depth: usize) -> Result<(), ReadError> {
        let mut tokens = tokens(text)?;
        if let Some(at) = at {
            tokens = tokens.into_iter().map(|token| moved(token, at)).collect();
        }
        let mut rest = tokens.as_slice();
        let mut fresh = true;
        while let [token, after @ ..] = rest {
            let starts = fresh;
            fresh = token.ends() || token.is("{") || token.is("}");
            rest = match token.word() {
                Some("define" | "redefine") if starts => self.define(token, after)?,
                Some("undefine") if starts => {
                    let (name, after) = split(after);
                    if let Some(word) = name.and_then(Token::word) {
                        self.scopes.iter_mut().for_each(|scope| drop(scope.remove(word)));
                    }
                    after
                }
                Some("include") if starts => self.include(token, after, depth)?,
                _ => self.plain(token, after)?,
            };
        }
        Ok(())
    }

    fn plain<'t>(&mut self, token: &Token, after: &'t [Token]) -> Result<&'t [Token], ReadError> {
        if token.is("{") {
            self.scopes.push(BTreeMap::new());
        } else if token.is("}") && self.scopes.len() > 1 {
            self.scopes.pop();
        }
        if !token.is("$") {
            self.done.push(token.clone());
            return Ok(after);
        }
        let (values, rest) = self.variable(token, after)?;
        self.done.extend(values);
        if self.done.len() > MOST {
            return Err(ReadError::TooLarge);
        }
        Ok(rest)
    }

    fn variable<'t>(&self, at: &Token, after: &'t [Token]) -> Result<(Vec<Token>, &'t [Token]), ReadError> {
        let (name, rest) = split(after);
        let Some(word) = name.and_then(Token::word) else { return Err(expected("the name of a variable", at, name)) };
        let Some(values) = self.scopes.iter().rev().find_map(|scope| scope.get(word)) else {
            return Err(ReadError::UndefinedVariable { line: at.line, name: word.to_owned() });
        };
        let place = Token { end: name.map_or(at.end, |name| name.end), ..at.clone() };
        Ok((values.iter().cloned().map(|token| moved(token, &place)).collect(), rest))
    }

    fn define<'t>(&mut self, at: &Token, after: &'t [Token]) -> Result<&'t [Token], ReadError> {
        let (name, after) = split(after);
        let Some(word) = name.and_then(Token::word) else { return Err(expected("the name of a variable", at, name)) };
        let (sign, after) = split(after);
        if !sign.is_some_and(|sign| sign.is("=")) {
            return Err(expected("`=`", at, sign));
        }
        let (mut values, mut rest, mut depth) = (Vec::new(), after, 0_usize);
        while let [token, after @ ..] = rest {
            if depth == 0 && token.ends() {
                break;
            }
            if depth == 0 && token.is("}") {
                break;
            }
            rest = after;
            if token.is("$") {
                let (inner, after) = self.variable(token, rest)?;
                values.extend(inner);
                if values.len() > MOST {
                    return Err(ReadError::TooLarge);
                }
                rest = after;
                continue;
            }
            depth = if token.is("{") { depth + 1 } else { depth.saturating_sub(usize::from(token.is("}"))) };
            if token.kind != Kind::Newline {
                values.push(token.clone());
            }
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(word.to_owned(), values);
        }
        Ok(rest)
    }

    fn include<'t>(&mut self, at: &Token, after: &'t [Token], depth: usize) -> Result<&'t [Token], ReadError> {
        let (path, rest) = split(after);
        let Some(Kind::Quoted(path)) = path.map(|path| &path.kind) else {
            return Err(expected("the path of a file in quotes", at, path));
        };
        match (self.include)(path) {
            Some(text) if depth < DEPTH => self.file(&text, Some(at), depth + 1)?,
            _ => return Err(ReadError::Include { line: at.line, path: path.clone() }),
        }
        Ok(rest)
    }
}

fn split(tokens: &[Token]) -> (Option<&Token>, &[Token]) {
    match tokens {
        [first, rest @ ..] => (Some(first), rest),
        [] => (None, &[]),
    }
}

fn moved(mut token: Token, to: &Token) -> Token {
    (token.line, token.column, token.start, token.end) = (to.line, to.column, to.start, to.end);
    token
}

fn expected(expected: &'static str, at: &Token, found: Option<&Token>) -> ReadError {
    let place = found.unwrap_or(at);
    ReadError::Syntax { line: place.line, column: place.column, expected, found: describe(found) }
}
