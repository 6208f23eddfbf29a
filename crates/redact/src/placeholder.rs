//! What stands in a secret's place and is none: masks, fillers, examples, references to another place, code. Not for: what
//! is a value of its own, however harmless ([`super::value`]).

/// `***`, `xxxx`, `<redacted>`, `[REDACTED]`, `••••`.
pub(super) fn is_masked(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.contains("***")
        || is_filler(text)
        || (text.len() >= 3 && lower.chars().all(|c| matches!(c, 'x' | '-' | '.' | '*')))
        || lower.contains("redacted")
        || lower.contains("sanitized")
        || lower.trim_matches(['[', ']', '<', '>']) == "masked"
        || lower.starts_with("replace")
        || lower.strip_prefix("todo").is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        || is_elided(text)
        || ["!vault", "!ref", "!sub", "!getatt", "!env"].iter().any(|tag| lower.starts_with(tag))
        || lower.contains("elided")
        || text.starts_with('•')
        || lower.contains("your-")
        || lower.contains("your_")
        || lower.starts_with("your")
        || lower.contains("placeholder")
        || lower.contains("-here")
        || lower.contains("_here")
        || lower.starts_with("insert") && lower.contains("token")
}

/// `sk-...`, `eyJ…`: a maker's mark, behind which the rest is left out.
fn is_elided(text: &str) -> bool {
    let mark = text.trim_end_matches(['.', '…']);
    mark.len() + 3 <= text.len() && (mark.is_empty() || mark == "eyJ" || mark.len() <= 5 && mark.ends_with(['-', '_']))
}

/// One letter or figure again and again, as in `ghp_xxxxxxxx`, `A3-XXXXXX-XXXXX` and `00000000-0000-0000-0000-000000000000`,
/// or the word by which makers tell their examples.
pub(super) fn is_filler(text: &str) -> bool {
    let first = text.chars().next().unwrap_or(' ');
    let row = text.chars().count() >= 3 && text.chars().all(|c| c == first) && !first.is_ascii_digit();
    row || text.len() >= LEAST_FILLER && (text.contains("EXAMPLE") || is_monotonous(text))
}

/// The same of bytes.
pub(super) fn is_filler_value(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(is_filler)
}

/// Letters of a filler that is more than a row of one sign.
const LEAST_FILLER: usize = 12;

/// Whether three letters of five are the same of those that people fill in, or nearly all are some of them.
fn is_monotonous(text: &str) -> bool {
    let (mut letters, mut filled) = (0, [0; 3]);
    for byte in text.bytes() {
        letters += usize::from(byte.is_ascii_alphanumeric());
        match byte {
            b'x' | b'X' => filled[0] += 1,
            b'0' => filled[1] += 1,
            b'1' => filled[2] += 1,
            _ => {}
        }
    }
    let fills =
        filled.iter().any(|count: &usize| count * 5 >= letters * 3) || filled.iter().sum::<usize>() * 10 >= letters * 9;
    letters * 2 >= text.len() && fills
}

/// Letters that follow each other in an alphabet, from which on a value is one.
const LEAST_ALPHABET: usize = 20;

/// The letters in their order, as in `abcdefghijklmnopqrstuvwxyz0123456789`: an alphabet.
pub(super) fn is_alphabet(value: &[u8]) -> bool {
    let mut run = 1;
    value.windows(2).any(|pair| {
        run = if pair[0].checked_add(1) == Some(pair[1]) { run + 1 } else { 1 };
        run >= LEAST_ALPHABET
    })
}

/// Whether a value is masked already.
pub(super) fn is_masked_value(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| is_masked(text.trim()))
}

/// For expressions: a password in a URL, where nothing but a secret can stand: only what is nothing but a mask or a template
/// stays.
pub(super) fn url_password(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return true };
    let first = text.chars().next().unwrap_or(' ');
    let enclosed = |open: &str, close: &str| text.starts_with(open) && text.ends_with(close);
    let word = text.trim_matches(['[', ']', '<', '>', '(', ')', '{', '}']).to_ascii_lowercase();
    let mask = matches!(word.as_str(), "redacted" | "masked" | "hidden" | "removed" | "sanitized" | "elided")
        || text.chars().all(|c| c == first)
        || text.chars().all(|c| matches!(c, 'x' | 'X' | '*' | '-' | '.' | '•'));
    let template = is_variable(text)
        || enclosed("${", "}")
        || enclosed("$(", ")")
        || enclosed("{", "}")
        || enclosed("%{", "}")
        || enclosed("[", "]")
        || enclosed("<", ">")
        || text.len() == 2 && first == '%';
    !mask && !template
}

/// Templates, variables, calls and references to another place.
pub(super) fn is_reference(text: &str) -> bool {
    let enclosed = |open: &str, close: &str| text.starts_with(open) && text.contains(close);
    text.starts_with("${")
        || text.starts_with("$(")
        || text.starts_with("{{")
        || enclosed("<%", "%>")
        || text.starts_with("#{")
        || text.starts_with(".$")
        || is_cast(text)
        || enclosed("@@", "@@")
        || enclosed("&lt;", "&gt;")
        || enclosed("%{", "}")
        // `<password>`, also before what it belongs to; `<F?m9xQ>Kz` is none.
        || (enclosed("<", ">") && !text.contains("</") && !ends_in_letters(text, '>'))
        || (text.starts_with('%') && text.len() <= 3)
        || is_variable(text)
        || is_call_or_member(text)
        || is_between_strings(text)
        || is_path_below_a_variable(text)
        || [
            "arn:",
            "secretref:",
            "secret://",
            "op://",
            "ref+",
            "vault:",
            "env:",
            "file:",
            "file://",
            "awssm:",
            "gcpsm:",
            "azurekeyvault:",
            "sops:",
            "ENC[",
            "kubernetes://",
            "projects/",
            "@Microsoft.KeyVault",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

/// `$NAME`, `$name`, `$Name`, `$1`, `%NAME%`, `%Name%`, also in quotation marks of a shell.
fn is_variable(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'']);
    let enclosed = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
    let name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    // `$HOME9` may be a password, `$DB_PASSWORD1` and `$PASS2` are none.
    let told = |name: &str| name.contains('_') || super::name::strength(name.as_bytes()).is_some();
    let plain_name = |name: &str| {
        name.bytes().all(|b| !b.is_ascii_digit()) || name.bytes().all(|b| !b.is_ascii_lowercase()) && told(name)
    };
    enclosed.is_some_and(name)
        || text.strip_prefix('$').is_some_and(|rest| {
            // `$oidc.keycloak.clientSecret`: its last word says what it refers to.
            let path = rest.split('.').all(name)
                && rest.rsplit_once('.').is_some_and(|(_, last)| super::name::strength(last.as_bytes()).is_some());
            let element = rest.split_once('[').is_some_and(|(array, key)| name(array) && key.ends_with(']'));
            (name(rest) || path) && plain_name(rest)
                || element
                || rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// Whether letters stand behind the last `sign`.
fn ends_in_letters(text: &str, sign: char) -> bool {
    text.rsplit(sign)
        .next()
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// `$BASE_URL/classroom`
fn is_path_below_a_variable(text: &str) -> bool {
    text.starts_with('$') && text.split_once('/').is_some_and(|(variable, _)| is_variable(variable))
}

/// `" + password() + "`, `",rememberMe:"`: what stands between two strings of code or JSON.
fn is_between_strings(text: &str) -> bool {
    let joined = text.trim_start_matches(['+', '.', ' ']);
    let joined = joined.strip_prefix("new ").unwrap_or(joined);
    text.starts_with('+') && (text.ends_with('+') || is_call_or_member(joined))
        || text.starts_with([',', '}', ')']) && text.ends_with([':', ',', '(', '{', '['])
}

/// `(char *)`: the type that code casts to.
fn is_cast(text: &str) -> bool {
    let Some(kind) = text.strip_prefix('(') else { return false };
    let kind = kind.trim_end_matches(['*', ' ', ')']);
    kind.len() >= 3 && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// `os.environ["X"]`, `process.env.X`, `getenv(`, `config.password`, `self.token`, `func(`.
fn is_call_or_member(text: &str) -> bool {
    let identifier_end =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(text.len());
    let head = &text[..identifier_end];
    let identifier = head.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && identifier_end > 2;
    let next = text[identifier_end..].chars().next();
    // Elixir's and Ruby's `fetch_env!("X")`.
    if identifier
        && ["!(", "?("].iter().any(|call| {
            let argument = text[identifier_end..].strip_prefix(call);
            argument.is_some_and(|argument| argument.is_empty() || argument.starts_with(['"', '\'']))
        })
    {
        return true;
    }
    if identifier && matches!(next, Some('(' | '[')) {
        let mut rest = text[identifier_end..].chars().skip(1);
        // `bramble(140)Violet` is none: something follows what a call returns, but no letter.
        let behind = text[identifier_end..].split_once(')').and_then(|(_, behind)| behind.chars().next());
        let call = next == Some('(') && !behind.is_some_and(char::is_alphanumeric);
        return call || matches!(rest.next(), Some('"' | '\'')) || text.ends_with(']');
    }
    const ROOTS: &[&str] = &[
        "os.",
        "process.env",
        "config.",
        "settings.",
        "self.",
        "this.",
        "env.",
        "var.",
        "local.",
        "data.",
        "module.",
        "secrets.",
        "vars.",
        "values.",
        "Values.",
        ".Values",
        "System.",
        "args.",
        "opts.",
        "options.",
        "params.",
        "request.",
        "req.",
        "ctx.",
        "cfg.",
        "conf.",
        "app.",
        "spec.",
        "aws_",
        "random_password.",
    ];
    // `&v1.Secret{`, `*in.Password`, `auths.ClientKeyData`: no password has a dot before a capital and only letters.
    let bare = text.trim_start_matches(['&', '*']);
    let member = |part: &str| part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let mut parts = bare.trim_end_matches(['{', ',', ';']).split('.');
    let owner = parts.next().is_some_and(|first| first.len() >= 2 && first.bytes().all(|b| b.is_ascii_alphanumeric()));
    let last = bare.rsplit('.').next().unwrap_or_default();
    let small = last.trim_end_matches(['{', ',', ';']).bytes().any(|byte| byte.is_ascii_lowercase());
    if owner && bare.contains('.') && parts.all(member) && last.starts_with(|c: char| c.is_ascii_uppercase()) && small {
        return true;
    }
    next.is_none() && head.contains('.') && ROOTS.iter().any(|root| text.starts_with(root))
}
