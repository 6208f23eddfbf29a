//! The rules between fields that stand in our definitions (`x-kubernetes-validations`), evaluated as the API server's CEL
//! would, over what a manifest says. Only as much of CEL as our rules are written in; a test parses every one of them.
//! Not for: rules about an update (`oldSelf`), for which a manifest has no past.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};
use regex::Regex;
use serde_json::Value;

/// A rule with what is said where it does not hold.
#[derive(Debug)]
pub(super) struct Rule {
    expression: Expression,
    message: String,
    reason: &'static str,
    /// Of the field that is wrong, from where the rule stands.
    field_path: String,
}

#[derive(Debug)]
enum Expression {
    Literal(Value),
    List(Vec<Expression>),
    Name(String),
    Member(Box<Expression>, String),
    Item(Box<Expression>, Box<Expression>),
    Has(Box<Expression>, String),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Size(Box<Expression>),
    Matches(Box<Expression>, Regex),
    /// `list.all(name, condition)`, or with true `list.exists_one(name, condition)`.
    Each {
        list: Box<Expression>,
        name: String,
        condition: Box<Expression>,
        exactly_one: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    Greater,
    AtLeast,
    In,
    Plus,
}

/// Operators, the weakest first; those of one line bind alike.
const LEVELS: [&[(&str, Operator)]; 4] = [
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<", Operator::Less),
        (">", Operator::Greater),
        (">=", Operator::AtLeast),
        ("in", Operator::In),
    ],
    &[("+", Operator::Plus)],
];

impl Rule {
    /// The rule of a definition; `None` for one about an update, or one that is written in more of CEL than is known here.
    pub(super) fn read(rule: &Value) -> Option<Self> {
        let text = rule["rule"].as_str()?;
        if text.contains("oldSelf") {
            return None;
        }
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let expression = parser.expression(0)?;
        (parser.at == tokens.len()).then_some(())?;
        Some(Self {
            expression,
            message: rule["message"].as_str().unwrap_or(text).to_owned(),
            reason: match rule["reason"].as_str() {
                Some("FieldValueRequired") => "Required value",
                Some("FieldValueForbidden") => "Forbidden",
                Some("FieldValueDuplicate") => "Duplicate value",
                _ => "Invalid value",
            },
            field_path: rule["fieldPath"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// What is wrong with a value at a path, if the rule does not hold for it.
    pub(super) fn fault(&self, path: &str, value: &Value) -> Option<String> {
        let scope = Scope { name: "self", value, outer: None };
        let holds = self.expression.evaluate(&scope).is_some_and(|answer| *answer == Value::Bool(true));
        (!holds).then(|| format!("{path}{}: {}: {}", self.field_path, self.reason, self.message))
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(i64),
    Sign(&'static str),
}

/// Signs, the longer ones first.
const SIGNS: [&str; 18] =
    ["||", "&&", "==", "!=", ">=", "<", ">", "+", "!", "(", ")", "[", "]", ".", ",", "?", ":", "-"];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let raw = rest.starts_with("r'") || rest.starts_with("r\"");
        let (token, length) = if raw || first == '\'' || first == '"' {
            let start = usize::from(raw) + 1;
            let quote = rest.as_bytes()[start - 1];
            let end = rest.bytes().skip(start).position(|byte| byte == quote)? + start;
            // Our texts hold no escapes but in raw strings.
            (raw || !rest[start..end].contains('\\')).then_some(())?;
            (Token::Text(rest[start..end].to_owned()), end + 1)
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            (Token::Number(rest[..end].parse().ok()?), end)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Token::Word(rest[..end].to_owned()), end)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Parser<'_> {
    fn take(&mut self, sign: &str) -> bool {
        let found = match self.tokens.get(self.at) {
            Some(Token::Sign(found)) => *found == sign,
            Some(Token::Word(found)) => found == sign,
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> Option<String> {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else { return None };
        self.at += 1;
        Some(word.clone())
    }

    fn expression(&mut self, level: usize) -> Option<Expression> {
        let Some(operators) = LEVELS.get(level) else { return self.negated() };
        let mut left = self.expression(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.take(sign)) {
            let right = self.expression(level + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn negated(&mut self) -> Option<Expression> {
        if self.take("!") { Some(Expression::Not(Box::new(self.negated()?))) } else { self.path() }
    }

    fn path(&mut self) -> Option<Expression> {
        let mut path = self.primary()?;
        loop {
            path = if self.take(".") {
                let name = self.word()?;
                if self.take("(") { self.call(path, &name)? } else { Expression::Member(Box::new(path), name) }
            } else if self.take("[") {
                let index = self.expression(0)?;
                self.take("]").then_some(())?;
                Expression::Item(Box::new(path), Box::new(index))
            } else {
                return Some(path);
            };
        }
    }

    /// What follows `target.name(`.
    fn call(&mut self, target: Expression, name: &str) -> Option<Expression> {
        let target = Box::new(target);
        let called = match name {
            "matches" => {
                let Some(Token::Text(pattern)) = self.tokens.get(self.at) else { return None };
                self.at += 1;
                Expression::Matches(target, Regex::new(pattern).ok()?)
            }
            "all" | "exists_one" => {
                let each = self.word()?;
                self.take(",").then_some(())?;
                let condition = Box::new(self.expression(0)?);
                Expression::Each { list: target, name: each, condition, exactly_one: name == "exists_one" }
            }
            _ => return None,
        };
        self.take(")").then_some(called)
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.take("(") {
            let inner = self.expression(0)?;
            return self.take(")").then_some(inner);
        }
        if self.take("[") {
            let mut items = Vec::new();
            while !self.take("]") {
                items.push(self.expression(0)?);
                self.take(",");
            }
            return Some(Expression::List(items));
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        Some(match token {
            Token::Text(text) => Expression::Literal(text.into()),
            Token::Number(number) => Expression::Literal(number.into()),
            Token::Sign(_) => return None,
            Token::Word(word) => match word.as_str() {
                "true" | "false" => Expression::Literal(Value::Bool(word == "true")),
                "has" | "size" => {
                    self.take("(").then_some(())?;
                    let inner = self.expression(0)?;
                    self.take(")").then_some(())?;
                    match (word.as_str(), inner) {
                        ("has", Expression::Member(of, name)) => Expression::Has(of, name),
                        ("size", inner) => Expression::Size(Box::new(inner)),
                        _ => return None,
                    }
                }
                _ => Expression::Name(word),
            },
        })
    }
}

/// What the names of an expression stand for, the innermost first.
struct Scope<'s> {
    name: &'s str,
    value: &'s Value,
    outer: Option<&'s Scope<'s>>,
}

impl<'s> Scope<'s> {
    fn value(&self, name: &str) -> Option<&'s Value> {
        if self.name == name { Some(self.value) } else { self.outer?.value(name) }
    }
}

impl Expression {
    /// The value; `None` where CEL would give an error.
    fn evaluate<'s>(&'s self, scope: &Scope<'s>) -> Option<Cow<'s, Value>> {
        Some(match self {
            Self::Literal(value) => Cow::Borrowed(value),
            Self::List(items) => {
                let items: Option<Vec<_>> = items.iter().map(|item| Some(item.evaluate(scope)?.into_owned())).collect();
                Cow::Owned(Value::Array(items?))
            }
            Self::Name(name) => Cow::Borrowed(scope.value(name)?),
            Self::Member(of, name) => part(of.evaluate(scope)?, |value| value.get(name))?,
            Self::Item(of, index) => {
                let index = usize::try_from(index.evaluate(scope)?.as_i64()?).ok()?;
                part(of.evaluate(scope)?, |value| value.get(index))?
            }
            Self::Has(of, name) => truth(of.evaluate(scope)?.get(name).is_some_and(|value| !value.is_null())),
            Self::Not(inner) => truth(!inner.evaluate(scope)?.as_bool()?),
            Self::Size(inner) => match &*inner.evaluate(scope)? {
                Value::Array(items) => Cow::Owned(items.len().into()),
                Value::String(text) => Cow::Owned(text.chars().count().into()),
                _ => return None,
            },
            Self::Matches(text, pattern) => truth(pattern.is_match(text.evaluate(scope)?.as_str()?)),
            Self::Binary(operator, left, right) => binary(*operator, left, right, scope)?,
            Self::Each { list, name, condition, exactly_one } => {
                let list = list.evaluate(scope)?;
                let mut holding = 0;
                for value in list.as_array()? {
                    let inner = Scope { name, value, outer: Some(scope) };
                    holding += usize::from(condition.evaluate(&inner)?.as_bool()?);
                }
                truth(if *exactly_one { holding == 1 } else { holding == list.as_array()?.len() })
            }
        })
    }
}

fn truth<'s>(holds: bool) -> Cow<'s, Value> {
    Cow::Owned(Value::Bool(holds))
}

fn part<'s>(whole: Cow<'s, Value>, of: impl Fn(&Value) -> Option<&Value>) -> Option<Cow<'s, Value>> {
    match whole {
        Cow::Borrowed(value) => of(value).map(Cow::Borrowed),
        Cow::Owned(value) => of(&value).cloned().map(Cow::Owned),
    }
}

fn binary<'s>(
    operator: Operator,
    left: &'s Expression,
    right: &'s Expression,
    scope: &Scope<'s>,
) -> Option<Cow<'s, Value>> {
    if matches!(operator, Operator::And | Operator::Or) {
        // One side may decide although the other one is an error.
        let decides = operator == Operator::Or;
        let mut sides = [left, right].map(|side| (side, None));
        for (side, found) in &mut sides {
            *found = side.evaluate(scope).and_then(|value| value.as_bool());
            if *found == Some(decides) {
                return Some(truth(decides));
            }
        }
        return sides.iter().all(|(_, found)| found.is_some()).then(|| truth(!decides));
    }
    let (left, right) = (left.evaluate(scope)?, right.evaluate(scope)?);
    Some(match operator {
        Operator::Equal => truth(left == right),
        Operator::Unequal => truth(left != right),
        Operator::Less => truth(order(&left, &right)?.is_lt()),
        Operator::Greater => truth(order(&left, &right)?.is_gt()),
        Operator::AtLeast => truth(order(&left, &right)?.is_ge()),
        Operator::In => truth(right.as_array()?.contains(&left)),
        Operator::Plus => Cow::Owned((left.as_i64()? + right.as_i64()?).into()),
        Operator::And | Operator::Or => return None,
    })
}

/// Numbers, times (of whatever offset), or else texts, which is also how dates are ordered.
fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        return Some(left.cmp(&right));
    }
    let (left, right) = (left.as_str()?, right.as_str()?);
    let time = |text: &str| text.parse::<DateTime<FixedOffset>>().ok();
    Some(time(left).zip(time(right)).map_or_else(|| left.cmp(right), |(left, right)| left.cmp(&right)))
}

#[cfg(test)]
mod tests {
    use kube::CustomResourceExt;
    use serde_json::json;

    use super::*;
    use crate::api::{SupportActivity, SupportCase, SupportContract};

    fn rules(schema: &Value, found: &mut Vec<Value>) {
        match schema {
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_array().filter(|_| name == "x-kubernetes-validations") {
                        Some(list) => found.extend(list.iter().cloned()),
                        None => rules(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| rules(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_rule_of_our_definitions_but_the_one_about_updates_is_understood() {
        let mut found = Vec::new();
        for definition in [SupportContract::crd(), SupportCase::crd(), SupportActivity::crd()] {
            rules(&serde_json::to_value(definition).unwrap(), &mut found);
        }
        assert!(found.len() > 40, "{}", found.len());
        let unread: Vec<_> = found.iter().filter(|rule| Rule::read(rule).is_none()).collect();
        assert!(unread.iter().all(|rule| rule["rule"] == "self == oldSelf"), "{unread:?}");
        assert_eq!(unread.len(), 1);
    }

    #[test]
    fn expressions_mean_what_they_mean_in_cel() {
        let value = json!({"a": 1, "list": [1, 2, 3], "text": "x y", "from": "2026-01-01T00:00:00+01:00",
            "to": "2025-12-31T23:30:00Z", "day": "2026-01-31", "later": "2026-02-01", "of": [{"s": ["p", "q"]}, {"s": ["r"]}]});
        for (rule, holds) in [
            ("self.a == 1 && self.text != 'x'", true),
            ("self.list.all(i, i < 4)", true),
            ("self.list.all(i, i < 3)", false),
            ("self.list.exists_one(i, i >= 3)", true),
            ("self.list.exists_one(i, i >= 2)", false),
            ("size(self.list) < 4 && size(self.text) == 3", true),
            ("self.list[0] + 1 == self.list[1]", true),
            ("has(self.b) || has(self.a)", true),
            ("!has(self.b) && !(self.a in [2, 3])", true),
            ("self.text.matches(r'^\\S+$')", false),
            // By the clock, not by the letters.
            ("self.from < self.to", true),
            ("self.day < self.later", true),
            ("self.of.all(a, a.s.all(s, self.of.exists_one(b, s in b.s)))", true),
            // An error on one side, an answer on the other.
            ("self.b == 1 || self.a == 1", true),
            ("self.b == 1 && self.a == 2", false),
            ("self.b == 1", false),
            ("self.a == 1 == true", true),
            ("true || self.b == 1 && false", true),
        ] {
            let rule = Rule::read(&json!({"rule": rule, "message": rule})).unwrap_or_else(|| panic!("{rule}"));
            assert_eq!(rule.fault("spec", &value).is_none(), holds, "{}", rule.message);
        }
        for unread in ["self.a ? 1 : 2", "self.list.map(i, i)", "self ==", "(self.a", "self.a == 'it\\'s'"] {
            assert!(Rule::read(&json!({"rule": unread})).is_none(), "{unread}");
        }
    }
}
