//! One row of the rule table and its checks. Not for: the rows; see `rules/`.

use super::family::Family;
use super::placeholder;
use super::value;

/// A row of the rule table.
#[derive(Debug)]
pub struct Rule {
    /// Stable name, as it stands in reports.
    pub id: &'static str,
    pub family: Family,
    /// What it finds, for the documentation.
    pub finds: &'static str,
    pub detector: Detector,
    /// Texts with a secret, made by [`super::samples`]: `⟦…⟧` encloses what must go, `{a36}` stands for 36 random letters.
    pub positive: &'static [&'static str],
    /// Texts that must stay as they are.
    pub negative: &'static [&'static str],
}

/// How a row finds its values.
#[derive(Debug)]
pub enum Detector {
    /// A regular expression (bytes, no Unicode) that is tried where one of the literals stands.
    Expression(Expression),
    /// A name that says secret, with a value beside it.
    Assignment,
    /// A PEM block of a private key, in all its line shapes.
    Pem,
    /// Values of a Kubernetes Secret.
    SecretData,
    /// Columns whose header says secret.
    Columns,
    /// A random token behind a mark of its maker.
    Marked,
    /// A random word beside a name that says nothing about it.
    Unnamed,
}

/// A regular expression with its pre-filter and checks.
#[derive(Debug)]
pub struct Expression {
    /// One of these must occur, whatever its case; the expression begins there. Without literals it is tried on each whole
    /// run of letters, digits, dots, dashes and underscores.
    pub literals: &'static [&'static str],
    /// The expression may begin up to this many bytes before the literal.
    pub lead: usize,
    /// It looks at up to this many bytes after the literal; letters of a token beyond are masked with it.
    pub reach: usize,
    /// Group 1 is masked if there is one, else the whole match.
    pub pattern: &'static str,
    /// Letters of the same kind that follow do not belong to the value: such a match is none.
    pub exact: bool,
    /// The least entropy of the value, in tenths of a bit per byte.
    pub entropy: u32,
    /// A further check of the value.
    pub check: Option<fn(&[u8]) -> bool>,
}

impl Expression {
    /// An expression that begins with its literal and has no further checks.
    pub const fn new(literals: &'static [&'static str], pattern: &'static str) -> Self {
        Self { literals, lead: 0, reach: 1024, pattern, exact: false, entropy: 0, check: None }
    }

    pub const fn lead(self, lead: usize) -> Self {
        Self { lead, ..self }
    }

    pub const fn reach(self, reach: usize) -> Self {
        Self { reach, ..self }
    }

    pub const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    pub const fn entropy(self, entropy: u32) -> Self {
        Self { entropy, ..self }
    }

    pub const fn check(self, check: fn(&[u8]) -> bool) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Whether a matched value passes the checks; without one of its own it must be no mask or filler: `ghp_xxxxxxxx`.
    pub(super) fn accepts(&self, found: &[u8]) -> bool {
        value::entropy(found) * 10.0 >= f64::from(self.entropy)
            && self.check.map_or_else(|| !placeholder::is_masked_value(found), |check| check(found))
    }
}
