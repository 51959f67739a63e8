//! Tokens: what the lexer gives and the parser takes.

use std::net::IpAddr;

use crate::diagnostic::Span;

/// One token and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// What a token is. Literals carry their value; that an address suits its place is the model's matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or key word, dotted or not: `zone`, `ha`, `std.services`, `home.example.org`, `_googlecast._tcp`.
    Word(String),
    /// A literal.
    Literal(Literal),
    /// Something that looks like a literal but is none; the lexer has reported it.
    Bad,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `=`
    Equals,
    /// `->`
    Arrow,
    /// `<->`
    Both,
    /// `~>`
    Reach,
    /// The end of a statement or attribute: a newline or `;`.
    End,
    /// The end of the file.
    Eof,
}

/// A literal value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `443`
    Number(u64),
    /// `1a`: digits of which one is a letter, as in the number of an IPv6 subnet
    Hexadecimal(u64),
    /// `8000-8010`
    NumberRange(u64, u64),
    /// `8/0`
    Fraction(u64, u64),
    /// `10/minute`
    Rate(u64, String),
    /// `2026.11`
    Version(String),
    /// `10.0.0.1`, `fd42::1`
    Address(IpAddr),
    /// `10.0.0.0/8`; host bits may be set
    Prefix(IpAddr, u8),
    /// `10.0.0.1-10.0.0.9`
    AddressRange(IpAddr, IpAddr),
    /// `52:54:00:aa:bb:10`
    Mac([u8; 6]),
    /// `2027-01-31`, whether or not the calendar has it
    Date(i16, i8, i8),
    /// `21:00`, in minutes since midnight
    Time(u16),
    /// `21:00-07:00`, in minutes since midnight
    TimeRange(u16, u16),
    /// `"..."` with its escapes undone
    Text(String),
}

impl Kind {
    /// How a message names the token.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Word(_) => "a name",
            Self::Literal(literal) => literal.describe(),
            Self::Bad => "something unreadable",
            Self::Open => "`{`",
            Self::Close => "`}`",
            Self::Comma => "`,`",
            Self::Colon => "`:`",
            Self::Equals => "`=`",
            Self::Arrow => "`->`",
            Self::Both => "`<->`",
            Self::Reach => "`~>`",
            Self::End => "the end of the line",
            Self::Eof => "the end of the file",
        }
    }
}

impl Literal {
    /// How a message names the literal.
    #[must_use]
    pub const fn describe(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Hexadecimal(_) => "a hexadecimal number",
            Self::NumberRange(..) => "a range of numbers",
            Self::Fraction(..) => "two numbers with `/`",
            Self::Rate(..) => "a rate",
            Self::Version(_) => "a version",
            Self::Address(_) => "an address",
            Self::Prefix(..) => "a prefix",
            Self::AddressRange(..) => "a range of addresses",
            Self::Mac(_) => "a MAC address",
            Self::Date(..) => "a date",
            Self::Time(_) => "a time",
            Self::TimeRange(..) => "a range of times",
            Self::Text(_) => "a text in quotes",
        }
    }
}
