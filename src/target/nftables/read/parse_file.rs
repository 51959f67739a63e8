//! Parses a whole file and carries out its commands: gives the rules that are loaded when nft has read it, with
//! nothing loaded before.

use super::{
    ast::{Chain, Ruleset, Table, TableFamily},
    cursor::{Input, until},
    error::ReadError,
    lexer::{Kind, Token},
    parse_chain::{body, syntax},
    parse_rule::rule,
    parse_set::{braced, limit, set},
};

/// Carries out the commands of a file. `source` is the text that the tokens point into.
pub fn file(source: &str, mut rest: Input<'_>) -> Result<Ruleset, ReadError> {
    let mut loader = Loader { source, ruleset: Ruleset::default() };
    while let Some(first) = rest.first() {
        if first.ends() {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (command, after) = until(rest, Token::ends);
        if command.is_empty() {
            return Err(syntax("a command", rest.first()));
        }
        loader.command(command)?;
        rest = after;
    }
    Ok(loader.ruleset)
}

struct Loader<'a> {
    source: &'a str,
    ruleset: Ruleset,
}

/// A table, and a name in it, as a command names them; and what follows.
struct Place<'a> {
    family: TableFamily,
    table: String,
    rest: Input<'a>,
}

impl Loader<'_> {
    fn command(&mut self, command: Input<'_>) -> Result<(), ReadError> {
        let [first, rest @ ..] = command else { return Ok(()) };
        match first.word() {
            Some("table") => self.table(rest),
            Some("add" | "create") => self.add(rest, false),
            Some("insert") => self.add(rest, true),
            Some("delete" | "destroy") => self.delete(rest),
            Some("flush") => self.flush(rest),
            Some("list" | "reset" | "describe") => Ok(()),
            Some("rename" | "replace" | "import" | "export" | "monitor") => Err(refused(command)),
            _ => self.add(command, false),
        }
    }

    fn table(&mut self, rest: Input<'_>) -> Result<(), ReadError> {
        let place = place(rest)?;
        self.open(&place, rest);
        match braces(place.rest)? {
            Some(inner) => self.table_body(place.family, &place.table, inner),
            None => Ok(()),
        }
    }

    /// The table, made if need be.
    fn open(&mut self, place: &Place, at: Input<'_>) {
        let tables = &mut self.ruleset.tables;
        if !tables.iter().any(|table| table.family == place.family && table.name == place.table) {
            tables.push(Table {
                family: place.family,
                name: place.table.clone(),
                line: at.first().map_or(0, |token| token.line),
                dormant: false,
                chains: Vec::new(),
                sets: Vec::new(),
                limits: Vec::new(),
            });
        }
    }

    fn existing(&mut self, place: &Place, at: Input<'_>) -> Result<&mut Table, ReadError> {
        let found =
            self.ruleset.tables.iter_mut().find(|table| table.family == place.family && table.name == place.table);
        found.ok_or_else(|| ReadError::MissingTable {
            line: at.first().map_or(0, |token| token.line),
            name: place.table.clone(),
        })
    }

    fn table_body(&mut self, family: TableFamily, name: &str, mut rest: Input<'_>) -> Result<(), ReadError> {
        while let Some(first) = rest.first() {
            if first.ends() {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (item, after) = until(rest, Token::ends);
            if item.is_empty() {
                return Err(syntax("a chain, set or map", rest.first()));
            }
            rest = after;
            let place = Place { family, table: name.to_owned(), rest: item.get(1..).unwrap_or_default() };
            match first.word() {
                Some("comment") => {}
                Some("flags") => {
                    let dormant = item.iter().any(|token| token.is_word("dormant"));
                    self.existing(&place, item)?.dormant |= dormant;
                }
                Some(word) => self.object(word, &place, item, false)?,
                None => return Err(syntax("a chain, set or map", Some(first))),
            }
        }
        Ok(())
    }

    fn add(&mut self, rest: Input<'_>, insert: bool) -> Result<(), ReadError> {
        let [kind, after @ ..] = rest else { return Err(syntax("what to add", rest.first())) };
        match kind.word() {
            Some("table") => self.table(after),
            Some("ct") => {
                let place = place(after.get(1..).unwrap_or_default())?;
                self.object("ct", &place, rest, insert)
            }
            Some(
                word @ ("rule" | "chain" | "set" | "map" | "element" | "limit" | "counter" | "quota" | "flowtable"
                | "secmark" | "synproxy"),
            ) => {
                let place = place(after)?;
                self.object(word, &place, rest, insert)
            }
            // `add inet filter input tcp dport 22 accept`: `rule` may be left out.
            _ => {
                let place = place(rest)?;
                match self.existing(&place, rest) {
                    Ok(_) => self.object("rule", &place, rest, insert),
                    Err(_) => Err(syntax("a command such as `table`", rest.first())),
                }
            }
        }
    }

    /// One object of a table: `place.rest` starts with its name.
    fn object(&mut self, kind: &str, place: &Place, at: Input<'_>, insert: bool) -> Result<(), ReadError> {
        let (source, family) = (self.source, place.family);
        let line = at.first().map_or(0, |token| token.line);
        if kind == "ct" {
            return Ok(());
        }
        let [named, after @ ..] = place.rest else { return Err(syntax("a name", at.last())) };
        let name = name_of(named)?;
        let table = self.existing(place, at)?;
        match kind {
            "chain" => {
                let index = table.chains.iter().position(|chain| chain.name == name).unwrap_or_else(|| {
                    table.chains.push(Chain { name: name.clone(), line, ..Chain::default() });
                    table.chains.len() - 1
                });
                match (braces(after)?, table.chains.get_mut(index)) {
                    (Some(inner), Some(chain)) => body(source, family, inner, chain),
                    _ => Ok(()),
                }
            }
            "rule" => {
                if after
                    .first()
                    .is_some_and(|token| ["position", "handle", "index"].iter().any(|word| token.is_word(word)))
                {
                    return Err(refused(at));
                }
                let missing =
                    || ReadError::Missing { line, kind: "chain", name: name.clone(), table: place.table.clone() };
                let chain = table.chains.iter_mut().find(|chain| chain.name == name).ok_or_else(missing)?;
                let rule = rule(source, after);
                let at = if insert { 0 } else { chain.rules.len() };
                chain.rules.insert(at, rule);
                Ok(())
            }
            "set" | "map" => {
                let inner = braces(after)?.unwrap_or_default();
                let fresh = set(name.clone(), line, kind == "map", inner)?;
                match table.sets.iter_mut().find(|set| set.name == name) {
                    Some(have) => have.elements.extend(fresh.elements),
                    None => table.sets.push(fresh),
                }
                Ok(())
            }
            "element" => {
                let fresh = braced(after)?;
                let missing =
                    || ReadError::Missing { line, kind: "set", name: name.clone(), table: place.table.clone() };
                table.sets.iter_mut().find(|set| set.name == name).ok_or_else(missing)?.elements.extend(fresh);
                Ok(())
            }
            "limit" => {
                let (limit, over) = limit(braces(after)?.unwrap_or(after))?;
                table.limits.push((name, limit, over));
                Ok(())
            }
            "counter" | "quota" | "flowtable" | "secmark" | "synproxy" => Ok(()),
            _ => Err(syntax("a chain, set or map", at.first())),
        }
    }

    fn delete(&mut self, rest: Input<'_>) -> Result<(), ReadError> {
        let [kind, after @ ..] = rest else { return Err(syntax("what to delete", rest.first())) };
        let place = place(after)?;
        let name = place.rest.first().map(name_of).transpose()?;
        if kind.is_word("table") {
            self.ruleset.tables.retain(|table| (table.family, &table.name) != (place.family, &place.table));
            return Ok(());
        }
        let (Some(name), Ok(table)) = (name, self.existing(&place, rest)) else { return Err(refused(rest)) };
        match kind.word() {
            Some("chain") => table.chains.retain(|chain| chain.name != name),
            Some("set" | "map") => table.sets.retain(|set| set.name != name),
            Some("limit") => table.limits.retain(|limit| limit.0 != name),
            Some("counter" | "quota" | "flowtable" | "secmark" | "synproxy") => {}
            _ => return Err(refused(rest)),
        }
        Ok(())
    }

    fn flush(&mut self, rest: Input<'_>) -> Result<(), ReadError> {
        let [kind, after @ ..] = rest else { return Err(syntax("what to flush", rest.first())) };
        if kind.is_word("ruleset") {
            let family = after.first().and_then(family);
            self.ruleset.tables.retain(|table| family.is_some_and(|family| family != table.family));
            return Ok(());
        }
        let place = place(after)?;
        let name = place.rest.first().map(name_of).transpose()?.unwrap_or_default();
        let Ok(table) = self.existing(&place, rest) else { return Ok(()) };
        match kind.word() {
            Some("table") => {
                for chain in &mut table.chains {
                    chain.rules.clear();
                }
            }
            Some("chain") => {
                table.chains.iter_mut().filter(|chain| chain.name == name).for_each(|chain| chain.rules.clear());
            }
            Some("set" | "map") => {
                table.sets.iter_mut().filter(|set| set.name == name).for_each(|set| set.elements.clear());
            }
            _ => return Err(refused(rest)),
        }
        Ok(())
    }
}

/// `[family] table`; the family is ip unless given.
fn place(tokens: Input<'_>) -> Result<Place<'_>, ReadError> {
    let (family, rest) = match tokens {
        [first, rest @ ..] if family(first).is_some() && rest.first().is_some_and(|next| name_of(next).is_ok()) => {
            (family(first).unwrap_or(TableFamily::Ip), rest)
        }
        _ => (TableFamily::Ip, tokens),
    };
    match rest {
        [table, rest @ ..] => Ok(Place { family, table: name_of(table)?, rest }),
        [] => Err(syntax("the name of a table", tokens.last())),
    }
}

fn family(token: &Token) -> Option<TableFamily> {
    Some(match token.word()? {
        "ip" => TableFamily::Ip,
        "ip6" => TableFamily::Ip6,
        "inet" => TableFamily::Inet,
        "arp" => TableFamily::Arp,
        "bridge" => TableFamily::Bridge,
        "netdev" => TableFamily::Netdev,
        _ => return None,
    })
}

fn name_of(token: &Token) -> Result<String, ReadError> {
    match &token.kind {
        Kind::Word(name) | Kind::Quoted(name) => Ok(name.clone()),
        _ => Err(syntax("a name", Some(token))),
    }
}

/// The tokens between braces, if there are any; nothing may follow them.
fn braces(tokens: Input<'_>) -> Result<Option<Input<'_>>, ReadError> {
    let [open, inner @ ..] = tokens else { return Ok(None) };
    if !open.is("{") {
        return Err(syntax("`{`", Some(open)));
    }
    match inner {
        [inner @ .., close] if close.is("}") => Ok(Some(inner)),
        _ => Err(syntax("`}`", tokens.last())),
    }
}

fn refused(command: Input<'_>) -> ReadError {
    let words: Vec<_> = command.iter().filter_map(Token::word).take(3).collect();
    ReadError::Command { line: command.first().map_or(0, |token| token.line), command: words.join(" ") }
}
