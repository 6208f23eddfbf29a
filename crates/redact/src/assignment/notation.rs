//! The signs between and around names and values. Not for: which names and values are secret.

use super::NAME_REACH;
use super::place::Separator;
use crate::name;
use crate::span::Quote;

pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

pub(super) fn ends_bare(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b',' | b';' | b'&' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b')' | b'}' | b']' | b'\\')
}

pub(super) fn quote_at(text: &[u8], at: usize, limit: usize) -> Option<Quote> {
    let backslashes = text.get(at..limit)?.iter().take(16).take_while(|byte| **byte == b'\\').count();
    let mark = *text.get(at + backslashes)?;
    (matches!(mark, b'"' | b'\'' | b'`') && at + backslashes < limit).then_some(Quote { mark, backslashes })
}

pub(super) fn skip_blank(text: &[u8], mut at: usize, limit: usize) -> usize {
    while at < limit && matches!(text[at], b' ' | b'\t') {
        at += 1;
    }
    at
}

/// `: string = "…"`, ` string = "…"`: a type between name and value.
pub(super) fn skip_type(text: &[u8], at: usize, limit: usize) -> usize {
    let mut next = at;
    if text.get(next) == Some(&b':') {
        next = skip_blank(text, next + 1, limit);
    }
    if text[next..].starts_with(b"&'static ") {
        next += b"&'static ".len();
    }
    let word = next;
    while next < limit && (text[next].is_ascii_alphabetic() || matches!(text[next], b'*' | b'?' | b'&')) {
        next += 1;
    }
    let after = skip_blank(text, next, limit);
    let assigned = text.get(after) == Some(&b'=') && text.get(after + 1) != Some(&b'=');
    if next > word
        && next - word <= 16
        && assigned
        && quote_at(text, skip_blank(text, after + 1, limit), limit).is_some()
    {
        after
    } else {
        at
    }
}

/// The sign that begins the next line, if a text in quotation marks follows it: `KEY⏎    = "…"`.
pub(super) fn skip_break(text: &[u8], at: usize, limit: usize) -> usize {
    const SIGNS: &[&[u8]] = &[b"= ", b"=> ", b"|| ", b"?? ", b": "];
    if !matches!(text.get(at), Some(b'\n' | b'\r')) {
        return at;
    }
    let next = at + text[at..limit.max(at)].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let sign = SIGNS.iter().find(|sign| text[next..].starts_with(sign));
    let quoted = sign.is_some_and(|sign| quote_at(text, next + sign.len(), limit).is_some());
    if quoted { next } else { at }
}

/// Whether the name from `start` on is that of a call which sets what it is given: `SetPassword("…")`, `.apiKey("…")`.
pub(super) fn is_setter(text: &[u8], start: usize, end: usize) -> bool {
    const SETS: &[&[u8]] = &[b"set", b"with"];
    const GETS: &[&[u8]] = &[b"get", b"fetch", b"read", b"load", b"find", b"has", b"is", b"lookup", b"require"];
    let name = &text[start..end];
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let begins = |word: &&[u8]| last.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let (sets, gets) = (SETS.iter().any(begins), GETS.iter().any(begins));
    let called = text.get(end) == Some(&b'(') && quote_at(text, end + 1, text.len().min(end + 18)).is_some();
    let of_object = last.len() < name.len() || start > 0 && text[start - 1] == b'.';
    called && (sets || of_object && !gets) && name::strength(last).is_some()
}

/// Length and kind of the separator that `text` begins with.
pub(super) fn separator_at(text: &[u8], quoted_name: bool, element: bool) -> Option<(usize, Separator)> {
    const ASSIGN: &[&[u8]] = &[
        b":::=", b"===", b"!==", b"::=", b"==", b"!=", b":=", b"?=", b"+=", b".=", b"=>", b"->", b"<-", b"||=", b"=",
        b"%3D", b"%3d",
    ];
    if let Some(sign) = ASSIGN.iter().find(|sign| text.starts_with(sign)) {
        return Some((sign.len(), Separator::Equals));
    }
    // `getenv("DB_PASSWORD") or "…"`: what is taken where the name has no value; and C++'s and Ruby's braces around one.
    const OTHERWISE: &[&[u8]] = &[b"or ", b"||", b"??", b"{"];
    let otherwise = OTHERWISE.iter().find(|sign| text.starts_with(sign));
    if let Some(sign) = otherwise.filter(|sign| quoted_name || **sign != b"or ")
        && matches!(text[sign.len()..].trim_ascii_start().first(), Some(b'"' | b'\''))
    {
        return Some((sign.len(), Separator::Equals));
    }
    // PHP's `"key";s:32:"…"`.
    if let Some(length) = text.strip_prefix(b";s:").filter(|_| quoted_name) {
        let digits = length.iter().take_while(|byte| byte.is_ascii_digit()).count();
        return (length.get(digits) == Some(&b':')).then_some((4 + digits, Separator::Equals));
    }
    match text.first()? {
        // LDIF's mark of base64.
        b':' if text.starts_with(b":: ") => Some((2, Separator::Colon)),
        // A path of code: `SecretString::from`.
        b':' if text.starts_with(b"::") => None,
        b':' => Some((1, Separator::Colon)),
        b'>' if element => Some((1, Separator::Element)),
        b',' => Some((1, Separator::Comma)),
        b'|' if quoted_name => Some((1, Separator::Comma)),
        _ => None,
    }
}

/// Whether the value from `at` on stands behind a YAML line's `value:`, and where that name ends.
pub(super) fn value_line(text: &[u8], at: usize) -> Option<usize> {
    let before = text[..at].trim_ascii_end().strip_suffix(b":")?;
    let start = before.len().checked_sub(5)?;
    (is_line_start(text, start) && is_yaml_line(text, before.len())).then_some(before.len())
}

/// Behind a pair that stands between a name and its value: `"Key":"db/password","Flags":0,"Value":"…"`.
pub(super) fn skip_pair(text: &[u8], at: usize, limit: usize) -> usize {
    let rest = &text[at.min(limit)..limit];
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b'{' | b'\n'));
    let Some(end) = end.filter(|end| word > 1 && word < *end && rest[*end] == b',') else { return at };
    if rest[..5.min(word)].eq_ignore_ascii_case(b"value") || !rest[word..end].contains(&b':') {
        return at;
    }
    let signs = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\\' | b',');
    at + end + rest[end..].iter().take_while(|byte| signs(byte)).count()
}

/// Behind `[…]`, where a prompt shows the value that it has.
pub(super) fn skip_shown(text: &[u8], at: usize, limit: usize) -> usize {
    let shown = text
        .get(at..limit)
        .and_then(|rest| rest.strip_prefix(b"["))
        .and_then(|rest| rest.iter().position(|byte| *byte == b']'));
    let end = shown.map(|length| at + 2 + length);
    end.filter(|end| text.get(*end) == Some(&b':')).unwrap_or(at)
}

/// Behind the stars with which Markdown ends a bold name: `**Password:** …`. Three of them may be a mask.
pub(super) fn skip_stars(text: &[u8], at: usize, limit: usize) -> usize {
    let stars = text[at..limit.max(at)].iter().take_while(|byte| **byte == b'*').count();
    if (1..=2).contains(&stars) && text.get(at + stars) == Some(&b' ') {
        skip_blank(text, at + stars, limit)
    } else {
        at
    }
}

/// Whether a directive that sets a variable stands before its name.
pub(super) fn names_variable(before: &[u8]) -> bool {
    [&b"ENV "[..], b"SetEnv ", b"setenv "].iter().any(|directive| before.ends_with(directive))
}

/// Whether an element's name follows, perhaps behind the prefix of its namespace: `<wsse:Password>`.
pub(super) fn opens_element(before: &[u8]) -> bool {
    let before = before.strip_suffix(b":").map_or(before, |rest| {
        let prefix = rest.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if prefix > 0 { &rest[..rest.len() - prefix] } else { rest }
    });
    before.last() == Some(&b'<')
}

/// The end of an element's attributes, if there are some: `<Password Type="…">`.
pub(super) fn skip_attributes(text: &[u8], at: usize) -> usize {
    let rest = &text[at..text.len().min(at + 4 * NAME_REACH)];
    let end = rest.iter().position(|byte| matches!(byte, b'>' | b'<' | b'\n'));
    // Of a setting that has its value as another attribute that is found elsewhere.
    let end = end.filter(|end| memchr::memmem::find(&rest[..*end], b"value=").is_none());
    let attributes = rest.first().is_some_and(u8::is_ascii_alphabetic);
    end.filter(|end| attributes && rest[*end] == b'>' && rest[..*end].contains(&b'=')).map_or(at, |end| at + end)
}

/// Where the text of the element begins that follows a key of a property list, or a name of XML-RPC's members.
pub(super) fn skip_property(text: &[u8], at: usize) -> Option<usize> {
    let mut next = at + 1 + text[at..].iter().position(|byte| *byte == b'>')?;
    let blanks = |from: usize| {
        text.get(from..)
            .unwrap_or_default()
            .iter()
            .take(NAME_REACH)
            .take_while(|byte| byte.is_ascii_whitespace())
            .count()
    };
    next += blanks(next);
    let value = text[next..].starts_with(b"<value>");
    if value {
        next += b"<value>".len();
        next += blanks(next);
    }
    let string = text[next..].starts_with(b"<string>");
    (value || string).then_some(next + if string { b"<string>".len() } else { 0 })
}

/// Whether the name that follows is an attribute's and names what its element encloses: `<entry key="password">…</entry>`.
pub(super) fn names_element(before: &[u8]) -> bool {
    const ATTRIBUTES: &[&[u8]] = &[b" key=", b" name=", b" id="];
    before.last().is_some_and(|mark| matches!(mark, b'"' | b'\''))
        && ATTRIBUTES.iter().any(|attribute| before[..before.len() - 1].ends_with(attribute))
}

/// Whether the value from `start` on is a field's in Go's dump of a struct, as in `{RootPassword:abc Other:1}`: a capital
/// begins the name, and no blank follows the colon.
pub(super) fn is_struct_field(text: &[u8], start: usize) -> bool {
    // A path in code, `SecretBox::new`.
    if text.get(start) == Some(&b':') {
        return false;
    }
    let Some(before) = text[..start].strip_suffix(b":") else { return false };
    let length = before.iter().rev().take(NAME_REACH).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (before, name) = before.split_at(before.len() - length);
    name.first().is_some_and(u8::is_ascii_uppercase) && matches!(before.last(), Some(b'{' | b' '))
}

/// Whether a name from `start` on is a part of an Amazon resource name, such as `arn:aws:secretsmanager:…:secret:db-x`.
pub(super) fn is_in_arn(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(NAME_REACH)..start];
    before.ends_with(b":") && {
        let length = before.iter().rev().take_while(|byte| is_name_byte(**byte) || **byte == b':').count();
        before[before.len() - length..].starts_with(b"arn:")
    }
}

/// Whether a name from `start` on is the last part of a path, such as `/registry/roles/system:controller:token-cleaner`.
pub(super) fn ends_path(text: &[u8], start: usize) -> bool {
    let before = text[start.saturating_sub(NAME_REACH)..start].iter().rev();
    before.take_while(|byte| is_name_byte(**byte) || matches!(byte, b':' | b'/')).any(|byte| *byte == b'/')
}

/// Whether nothing but indentation, a list dash or a declaration word stands before the name in its line.
pub(super) fn is_line_start(text: &[u8], start: usize) -> bool {
    let from = start.saturating_sub(NAME_REACH);
    let line = memchr::memrchr(b'\n', &text[from..start]).map_or(from, |at| from + at + 1);
    if line == from && from > 0 {
        return false;
    }
    let before = text[line..start].trim_ascii();
    matches!(
        before,
        b"" | b"-"
            | b"export"
            | b"set"
            | b"ENV"
            | b"#"
            | b";"
            | b"//"
            | b"$"
            | b">"
            | b"<"
            | b"$env:"
            | b"+"
            | b"~"
            | b"declare"
            | b"local"
            | b"--"
            | b"Environment="
    )
}

/// `name: value` with a space after the colon, as YAML wants it.
pub(super) fn is_yaml_line(text: &[u8], end_of_name: usize) -> bool {
    text.get(end_of_name) == Some(&b':') && text.get(end_of_name + 1) == Some(&b' ')
}

pub(super) fn indent(text: &[u8], start: usize) -> usize {
    let from = start.saturating_sub(NAME_REACH);
    let line = memchr::memrchr(b'\n', &text[from..start]).map_or(from, |at| from + at + 1);
    text[line..start].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// `r"`, `b'`, `u"`, `f"`, `@"`, `N'`: letters that belong to the quotation mark.
pub(super) fn skip_value_prefix(text: &[u8], at: usize) -> usize {
    let at = skip_properties(text, at);
    // XML's text as it stands.
    if text[at..].starts_with(b"<![CDATA[") {
        return at + 9;
    }
    // Rust's `Some("…")`.
    // And Go's `(*string)("…")`.
    // And Erlang's `<<"…">>`.
    for wrapper in [&b"(*string)("[..], b"<<"] {
        let inside = at + wrapper.len();
        if text[at..].starts_with(wrapper) && matches!(text.get(inside), Some(b'"' | b'\\')) {
            return inside;
        }
    }
    if let Some(inside) = skip_wrapper(text, at) {
        return inside;
    }
    // And Camel's `RAW(…)`.
    if let Some(wrapper) = [&b"Optional["[..], b"RAW("].into_iter().find(|wrapper| text[at..].starts_with(wrapper)) {
        return at + wrapper.len();
    }
    // TOML's and Python's `"""…"""`.
    if text[at..].starts_with(b"\"\"\"") || text[at..].starts_with(b"\'\'\'") {
        return at + 2;
    }
    // `<AdministratorPassword><Value>…`.
    if text[at..].len() > 7 && text[at..at + 7].eq_ignore_ascii_case(b"<value>") {
        return at + 7;
    }
    let prefixed = matches!(text.get(at), Some(b'r' | b'b' | b'u' | b'f' | b'@' | b'N' | b'L'))
        && matches!(text.get(at + 1), Some(b'"' | b'\''));
    at + usize::from(prefixed)
}

/// Inside `Secret("…")` or PHP's `string(8) "…"`.
fn skip_wrapper(text: &[u8], at: usize) -> Option<usize> {
    const WRAPPERS: &[&[u8]] = &[
        b"Some",
        b"Just",
        b"Secret",
        b"SecretString",
        b"SecretStr",
        b"Password",
        b"Token",
        b"Key",
        b"Sensitive",
        b"String",
        b"::from",
        b"::new",
        b".from",
        b".Ptr",
        b".To",
        b"[]byte",
        b"MD5",
        b"SHA1",
        b"SHA2",
        b"PASSWORD",
    ];
    let constructed = at + if text[at..].starts_with(b"new ") { 4 } else { 0 };
    let at = constructed;
    let name_byte = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'_' | b'[' | b']');
    let length = text[at..].iter().take(32).take_while(name_byte).count();
    let (name, rest) = (&text[at..at + length], &text[at + length..]);
    let digits = rest.iter().skip(1).take(12).take_while(|byte| byte.is_ascii_digit()).count();
    if name == b"string" && rest.get(1 + digits..)?.starts_with(b") ") && rest.get(3 + digits) == Some(&b'"') {
        return Some(at + length + digits + 3);
    }
    let numbered = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let names = [name, &name[..length - numbered]];
    let wraps = WRAPPERS.iter().any(|wrapper| names.iter().any(|name| name.ends_with(wrapper)));
    (wraps && rest.first() == Some(&b'(') && matches!(rest.get(1), Some(b'"' | b'\'' | b'\\')))
        .then_some(at + length + 1)
}

/// The length of `|`, `>-`, `|2+` with nothing but blanks behind it.
pub(super) fn block_header(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    while matches!(text.get(at), Some(b'+' | b'-' | b'0'..=b'9')) {
        at += 1;
    }
    let end = skip_blank(text, at, text.len().min(at + 8));
    matches!(text.get(end), Some(b'\n' | b'\r')).then_some(at)
}

/// Past YAML's anchor and tag before a value, `&pw`, `!!str`: what refers to the anchor still finds it.
fn skip_properties(text: &[u8], at: usize) -> usize {
    let mut value = at;
    for _ in 0..2 {
        let rest = &text[value..text.len().min(value + NAME_REACH)];
        let tag = rest.starts_with(b"!!") || rest.first() == Some(&b'&') && rest.get(1) != Some(&b'{');
        let word = rest.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let plain = rest[..word].iter().skip(1).all(|byte| byte.is_ascii_alphanumeric() || b"!_-".contains(byte));
        let blanks = rest[word..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let follows = rest.get(word + blanks).is_some_and(|byte| !byte.is_ascii_whitespace());
        if !(tag && plain && word > 1 && blanks > 0 && follows) {
            break;
        }
        value += word + blanks;
    }
    value
}

/// Where a text of several lines begins and ends, behind the mark that stands before it: `"""`, `'''`, `<<EOF`.
pub(super) fn heredoc(text: &[u8], at: usize, limit: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    let line = memchr::memchr(b'\n', &rest[..rest.len().min(NAME_REACH)])?;
    let opening = rest[..line].trim_ascii_end();
    let close = match opening {
        b"\"\"\"" | b"'''" => opening,
        _ => {
            let word = opening.strip_prefix(b"<<")?;
            let word = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"~")).unwrap_or(word);
            let mark = |byte: &u8| matches!(byte, b'"' | b'\'');
            let from = word.iter().take_while(|byte| mark(byte)).count();
            let to = word.len() - word[from..].iter().rev().take_while(|byte| mark(byte)).count();
            &word[from..to]
        }
    };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_\"'".contains(byte);
    if close.is_empty() || !close.iter().all(plain) {
        return None;
    }
    let start = at + line + 1;
    let start = start + text[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let limit = limit.min(text.len());
    let end = memchr::memmem::find(text.get(start..limit)?, close).map(|end| start + end)?;
    let end = start + text[start..end].trim_ascii_end().len();
    (end > start).then_some((start, end))
}
