//! Which elements of named sets hold the one packet that is followed: where a list decides, it is an element that somebody
//! added or forgot, and not the rule that asks the list.

use super::{
    ast::{Action, Op, Statement, Value},
    eval::{At, Eval},
    eval_match::contents,
};

impl Eval<'_> {
    /// Remembers the elements of the set or map that a statement asks, if one packet is followed.
    pub fn note_elements(&mut self, statement: &Statement, at: At) {
        let Some(packet) = self.one else { return };
        let (key, value) = match &statement.action {
            Action::Match { key, op: Op::Implicit | Op::Equal, value } => (key, value),
            Action::VerdictMap { key, map } => (key, map),
            _ => return,
        };
        let (Value::Named(name), Some(contents)) = (value, contents(value, at)) else { return };
        let mut found = Vec::new();
        for element in contents.elements {
            if self.holds(key, &element.key, &packet, at) {
                found.push((element.line, format!("element {} of {name}", element.key.words())));
            }
        }
        self.elements.extend(found);
    }
}
