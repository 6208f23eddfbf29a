//! Secrets known by the structure around them: keys, headers, URLs, names. Not for: vendors' token shapes.

use super::super::family::Family;
use super::super::rule::{Detector, Expression, Rule};
use super::super::{name, value};
use super::{has_digit, not_harmless, row};

/// Some cookie whose value is not filled in later.
fn cookie(found: &[u8]) -> bool {
    found.split(|byte| *byte == b';').any(|pair| {
        let value = pair.iter().position(|byte| *byte == b'=').map_or(pair, |at| &pair[at + 1..]);
        // What a site remembers of its reader is written in words, beside names that say no secret.
        let words = value.len() < 6 || value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        let secret = name::strength(name).is_some() && !name.starts_with(b"cookie");
        not_harmless(value) && (secret || value::looks_like_token(value) || !words)
    })
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "private-key",
        family: Family::PrivateKey,
        finds: "PEM blocks of private keys, also with escaped line ends or a prefix before each line",
        detector: Detector::Pem,
        positive: &["⟦-----BEGIN RSA PRI{}VATE KEY-----\n{b64}\n{b64}\n{b40}\n-----END RSA PRI{}VATE KEY-----⟧"],
        negative: &["-----BEGIN CERTIFICATE-----\n{b64}\n-----END CERTIFICATE-----"],
    },
    row(
        "jwt",
        Family::Jwt,
        "JSON Web Tokens and encrypted ones",
        Expression::new(&["eyJ", "ewo", "eyA", "ey4"], r"ey[A-Za-z0-9_-]{10,}\.ey[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}").reach(8192),
        &["⟦{jwt}⟧", "⟦eyJ0eXAiOiAi{a8}.{a36}.{a48}⟧"],
        &["eyJ.of-some-name.and-another", "keyA.keyB.keyC"],
    ),
    row(
        "authorization-header",
        Family::Header,
        "credentials of Authorization and Proxy-Authorization headers",
        Expression::new(&["authorization"], r#"(?i)authorization(?:[\\"'\])]{0,8}[ \t]{0,4}[:=]|\\{0,7}["'],)[ \t]{0,4}[\[\\"'`]{0,8}(?:(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256|splunk|key|bot|hawk|oauth)(?: \\{0,7}["'] ?[+.] ?\\{0,7}["']|[ :+]{1,16})|%20)?([^\s"'`\\,;\[\]{})<>]{6,}(?:,? ?[a-zA-Z]{2,20}=(?:"[^\s",\\]+"|[^\s",\\]+)){0,16})"#).reach(4096).check(not_harmless),
        &["Authorization: Bearer ⟦{a40}⟧", "authorization: Basic ⟦{b30}==⟧", "authorization: Bearer ⟦open{}sesame⟧", "{\"Authorization\": \"Bearer \" + \"⟦{a40}⟧\"}"],
        &["authorization: Bearer ${TOKEN}", "Authorization: none"],
    ),
    row(
        "authorization-scheme",
        Family::Header,
        "credentials of Authorization headers with a scheme of their maker's own",
        Expression::new(&["authorization", "x-auth"], r#"(?i)(?:authorization|x-auth[a-z-]{0,24})(?:[\\"'\])]{0,8}[ \t]{0,4}[:=]|\\{0,7}["'],)[ \t]{0,4}[\[\\"']{0,8}[a-z][a-z0-9_-]{1,30}[ :]{1,3}([^\s"'\\,;\[\]{})<>]{12,})"#).reach(4096).check(value::token_or_uuid),
        &["Authorization: Acme-Key ⟦{uuid}⟧", "authorization: Klaviyo ⟦{a24}⟧"],
        &["authorization: user may-not-do-this", "Authorization: Bearer ${TOKEN_OF_PROD}"],
    ),
    row(
        "cookie-header",
        Family::Header,
        "values of Cookie and Set-Cookie headers",
        Expression::new(&["cookie"], r#"(?i)cookie(?:[\\"'\])]{0,8}[ \t]{0,4}[:=]|\\{0,4}["'],)[ \t]{0,4}[\[\\"']{0,8}([A-Za-z0-9_.$-]{1,64}=[^\s"'\\<>;]+(?:;[ ]?[A-Za-z0-9_.$-]+(?:=[^\s"'\\<>;]*)?)*)"#).reach(9 * 1024).check(cookie),
        &["Cookie: ⟦session={a32}; lang=de; other={a20}⟧", "'cookie', '⟦a=b; sid={a12}⟧'"],
        &["cookie: none", "no cookie, user=bob", "Cookie: session_id=${LATEST_SESSION}"],
    ),
    row(
        "url-token",
        Family::UrlCredential,
        "random words in a user's place in URLs",
        Expression::new(&["://"], r"://([A-Za-z0-9_.~-]{20,})(?::[^\s/@'\x22<>\\]{0,64})?@[A-Za-z0-9]").check(value::random),
        &["https://⟦{h40}⟧@git.example/x.git", "https://⟦{h32}⟧@o1.ingest.sentry.io/2", "https://⟦{a24}⟧:@host/"],
        &["https://service-account-of-some-name@host/"],
    ),
    row(
        "url-password",
        Family::UrlCredential,
        "passwords in URLs",
        Expression::new(&["://"], r"://[^\s/:'\x22<>\\]{0,128}:([^\s/@'\x22<>\\]{0,512}(?:@[^\s/@,'\x22<>\\]{1,64}){0,2}|[^\s/@:\['\x22<>\\]{0,64}[^\s/@:\[0-9'\x22<>\\][^\s/@:\['\x22<>\\]{0,64}/[^\s@'\x22<>\\]{0,64})@[A-Za-z0-9\[_%$.{-]").check(value::url_password),
        &["postgres://admin:⟦{a12}⟧@db.prod.svc:5432/app", "smtp://bob@mail.example:⟦{a12}⟧@smtp.example:465/", "redis://:⟦not-{}redacted-at-all⟧@cache:6379", "amqp://app:⟦@{a12}⟧@mq:5672", "mysql://app:⟦{a6}/{a6}⟧@db/shop"],
        &["http://example.com:8080/a@b", "http://[fe80::1]:8080/a@b", "http://user:@host/", "https://user:${PASSWORD}@host/", "https://user:xxxxx@host/", "https://user:[REDACTED]@host/"],
    ),
    row("go-dsn", Family::ConnectionString, "passwords of Go database names", Expression::new(&["@tcp(", "@unix("], r#"[\w.-]+:([^\s:/"']{1,120})@(?:tcp|unix)\("#).lead(140).check(value::url_password), &["root:⟦{a12}⟧@tcp(db:3306)/app"], &["root:${PASS}@tcp(db:3306)/app"]),
    row("query-secret", Family::QuerySecret, "tokens, codes and signatures in query strings", Expression::new(&["x-amz-signature=", "x-amz-credential=", "x-amz-security-token=", "x-goog-signature=", "x-goog-credential=", "sig=", "code=", "_token=", "signature=", "assertion=", "ticket=", "code_verifier=", "apikey=", "api_key=", "key=", "appid=", "api_id="], r#"(?i)[?&;](?:amp;)?(?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|sig|code|[a-z_]{0,24}token|signature|(?:client_)?assertion|ticket|code_verifier|api_?key|key|appid|api_id)=([^\s&"'<>\\#]{8,})"#).lead(32).check(value::query_token), &["GET /x?X-Amz-Signature=⟦{h64}⟧&y=1", "GET /cb?code=⟦{a30}⟧&state=1"], &["GET /x?code=internal-error", "GET /x?key=configmaps"]),
    row("url-key", Family::UrlCredential, "keys behind the version in URLs, as nodes of block chains have them, and before the path of package registries", Expression::new(&[".com/v", ".io/v", ".net/v", ".org/v", ".dev/v", ".app/v", ".network/v", ".xyz/v", ".tech/v", ".pro/v", ".build/v", "/priv/", "/t/", "/basic/", "dl.cloudsmith.io/"], r#"(?:https?|wss?)://[A-Za-z0-9.-]{3,80}/v[0-9]/([A-Za-z0-9_-]{30,64})(?:[^A-Za-z0-9_/.-]|$)|://[A-Za-z0-9.-]{3,80}/(?:priv|t|basic)/([A-Za-z0-9_-]{20,128})/|dl\.cloudsmith\.io/([A-Za-z0-9]{16})/"#).lead(96).check(value::random), &["dial wss://eth.g.acme.com/v2/⟦{a32}⟧: timeout"], &["https://api.example.com/v2/{a32}/items", "https://api.example.com/v1/customer-subscriptions-2026-list"]),
    row("key-store", Family::PrivateKey, "key stores of Java and PKCS #12 in base64", Expression::new(&[".p12", ".pfx", ".jks", ".keystore", ".bks", "/u3+7Q"], r#"\.(?:p12|pfx|jks|keystore|bks)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?([A-Za-z0-9+/]{40,}={0,2})|/u3\+7Q[A-Za-z0-9+/]{20,}={0,2}"#).reach(16384), &["keystore.p12: ⟦MIIK{a76}⟧", "server.jks: ⟦/u3+7QAAAAI{a60}⟧"], &["keystore.p12: /etc/ssl/keystore.p12"]),
    row("jwk-lines", Family::PrivateKey, "private parts of JSON Web Keys in YAML", Expression::new(&["kty: "], r#"kty: ["']?\w{2,3}[^{}]{0,400}?\sd: ["']?([A-Za-z0-9_-]{40,})"#).reach(600), &["kty: OKP\ncrv: Ed25519\nd: ⟦{s43}⟧\n"], &["kty: OKP\nx: {s43}\n"]),
    row("encrypted-file", Family::PrivateKey, "encrypted files of Ansible, and secret keys of minisign", Expression::new(&["$ANSIBLE_VAULT", "RWRTY0Iy"], concat!(r#"\$ANSIBLE_VAULT;[^\n]{1,40}((?:"#, next_line!(), r#"[0-9a-f]{32,80})+)|RWRTY0Iy[A-Za-z0-9+/]{40,}={0,2}"#)).reach(16384), &["$ANSIBLE_VAULT;1.1;AES256\n  ⟦{h64}⟧\n", "⟦RWRTY0Iy{a60}⟧"], &["$ANSIBLE_VAULT;1.1;AES256"]),
    row("secret-id", Family::Vault, "secret ids as Nomad and Consul print them", Expression::new(&["secret id", "tokens {", "\"tokens\""], r#"(?i)secret id\s{0,20}[:=]\s{0,4}([0-9a-f-]{36})|"?tokens"?\s{0,4}[:=]?\s{0,4}\{((?:\s*(?:\S+ std(?:out|err) [FP] )?\s*"?[a-z_]+"?\s*[=:]\s*"?[0-9a-f-]{36}"?,?)+)"#), &["Secret ID    = ⟦{uuid}⟧", "tokens {\n  ⟦agent = \"{uuid}\"⟧\n}"], &["Secret ID: none"]),
    row("mail-relay", Family::UrlCredential, "passwords of mail relays and proxies", Expression::new(&["]:", "login="], r#"\[[A-Za-z0-9.-]{3,80}\]:[0-9]{2,5}\s{1,16}[^\s:"]{1,80}:([^\s"'\\<>]{3,128})|login=[^\s:=&]{1,64}:([^\s"'&]{4,64})"#).lead(84).check(value::no_number), &["[mail.corp.example]:587 bob@corp.example:⟦{a16}⟧", "cache_peer up parent 3128 0 login=bob:⟦{a12}⟧"], &["listening on [::1]:587 now: yes", "login=PASSTHRU"]),
    row("hook-url", Family::UrlCredential, "random parts of URLs that take messages from whoever knows them", Expression::new(&["/hooks/", "/hook/", "/webhook/", "/webhooks/", "/services/", "/trigger/", "/triggers/", "/inputs/", "/alert/", "/v1/http/", "hc-ping.com/"], r#"(?:https?://[^\s/"'<>]{3,80}/(?:[\w.-]{1,32}/){0,4}(?:hooks?|webhooks?|services|triggers?|inputs|v1/http|alert)|hc-ping\.com)/(?:[\w.@-]{1,40}/){0,3}([A-Za-z0-9_-]{16,}={0,2})"#).lead(160).reach(256).check(value::random_or_uuid), &["https://hooks.acme.io/services/T0/⟦{a24}⟧", "http://logs.acme.com/inputs/⟦{uuid}⟧/tag/http/", "https://in.acme.com/receiver/v1/http/⟦{a40}==⟧"], &["https://api.example.com/v1/services/payment-gateway-of-the-shop"]),
    row("mnemonic", Family::PrivateKey, "word lists from which wallets derive their keys", Expression::new(&["mnemonic", "seed phrase", "recovery phrase", "seed_phrase", "seedphrase"], r#"(?i)(?:mnemonic|(?:seed|recovery)[ _]?phrase)[a-z_ ]{0,16}(?: ?\([0-9]{2} words\))?["'\\]{0,4}\s{0,4}[:=]?\s{0,4}["'\\]{0,4}((?:[a-z]{3,8} ){11,23}[a-z]{3,8})\b"#), &["mnemonic: ⟦aban{}don ability able about above absent absorb abstract absurd abuse access accident⟧"], &["the mnemonic: ask the wallet"]),
    row("next-line", Family::Password, "a random word in the line below a sentence about a password or a key", Expression::new(&["key:\n", "token:\n", "password:\n", "secret:\n", "installation:\n", "key:\r", "token:\r", "password:\r", "secret:\r", "installation:\r"], concat!(r#"(?i)(?:password|passphrase|certificate key|api key|join key|token|secret)[^\n:]{0,60}:(?:"#, next_line!(), r#"){1,2}([^\s"'<>:]{16,})"#)).lead(80).check(value::random), &["with the certificate key:\n⟦{h64}⟧\n", "use the following password to proceed to installation:\n\n⟦{h32}⟧\n"], &["tokens:\n  continuous-integration-of-shop\n"]),
    row("django-key", Family::Password, "keys that Django makes for a project", Expression::new(&["django-insecure-"], r"django-insecure-[!#-&(-~]{40,}"), &["⟦django-insecure-{a30}&{a19}⟧"], &["django-insecure-key"]),
    row("product-key", Family::Password, "product, licence and recovery keys in groups", Expression::new(&["product key", "product code", "license key", "licence key", "activation key", "activation code", "recovery key", "recovery code", "backup code"], r#"(?i:product|licen[cs]e|activation|recovery|backup) (?i:keys?|codes?)\b[^\n]{0,40}?((?:\b[A-Z0-9]{4,8}-){2,8}[A-Z0-9]{4,8}\b|\b[a-z0-9]{4,10}-[a-z0-9]{4,10}(?:[, \n\r\t]+[a-z0-9]{4,10}-[a-z0-9]{4,10}\b)*)|(?i:recovery|backup) (?i:codes)[^\n]{0,60}(?:\r?\n[ \t]*){1,2}((?:[a-z0-9]{4,10}-[a-z0-9]{4,10}\s{0,8})+)"#).check(has_digit), &["product code ⟦{u5}-{u5}-{u5}-{u5}-4{u4}⟧", "recovery codes: ⟦{l4}7-{l5}, {l4}8-{l5}⟧"], &["license key is read-only", "backup code for on-call"]),
    row("form-part", Family::Password, "passwords and tokens in the parts of forms", Expression::new(&["form-data; name="], concat!(r#"(?i)form-data; name=\\?"[a-z0-9_.\[\]-]{0,32}(?:passw|pwd|secret|token|api_?key)[a-z0-9_.\[\]-]{0,32}\\?"(?:"#, next_line!(), r#"|\\r\\n)(?:[a-z-]{4,32}: [^\r\n]{1,80}"#, next_line!(), r#")?(?:"#, next_line!(), r#"|\\r\\n)([^\r\n\\]{4,})"#)).check(not_harmless), &["Content-Disposition: form-data; name=\"password\"\n\n⟦{a12}⟧\n--x"], &["form-data; name=\"password_policy\"\r\n\r\n${P}\r\n"]),
    row("key-line", Family::Password, "the line below a key's path, as key-value stores print them", Expression::new(&["password\n", "passwd\n", "secret\n", "token\n", "apikey\n", "api_key\n", "api-key\n", "password\r\n"], concat!(r#"(?i)/[a-z0-9_./-]{1,120}(?:password|passwd|secret|token|api[_-]?key)"#, next_line!(), r#"([^\s"'<>/]{6,})\r?(?:\n|$)"#)).lead(130).check(value::spoken_value), &["/config/orders/db_password\n⟦{a12}⟧\n/config/x\n"], &["/config/token\nname\n"]),
    row("secure-parameter", Family::Aws, "values of secure parameters", Expression::new(&["securestring"], concat!(r#"SecureString\\?",?(?:"#, next_line!(), r#"|[\s\\n]{0,40})\\?"Value\\?"\s{0,4}:\s{0,4}\\?"([^"\\]{1,4096})"#)).reach(4200).check(not_harmless), &["\"Type\": \"SecureString\",\n  \"Value\": \"⟦open{}sesame⟧\","], &["\"Type\": \"SecureString\",\n \"Version\": 4"]),
    row("query-password", Family::QuerySecret, "the short names of user and password in query strings", Expression::new(&["?u=", "&u="], r#"[?&]u=[^&\s"']{1,64}&p=([^&\s"']{3,})"#).check(not_harmless), &["GET /write?db=x&u=bob&p=⟦{a10}⟧ HTTP/1.1"], &["/write?u=bob&p=${PW}"]),
    row("user-list", Family::Password, "users and passwords of PgBouncer", Expression::new(&["userlist"], concat!(r#"(?i)userlist[^\n]{0,40}"#, next_line!(), r#"((?:"[^"\s]+" "[^"\n]+"(?:"#, next_line!(), r#")?)+)"#)).reach(4096), &["userlist.txt: |\n⟦\"bob\" \"som{}mer2023\"⟧\n"], &["auth_file = /etc/pgbouncer/userlist.txt"]),
    row("oracle-url", Family::ConnectionString, "passwords in JDBC URLs of Oracle", Expression::new(&["jdbc:oracle:"], r#"jdbc:oracle:[a-z0-9]{2,8}:[^\s/:@"']{1,64}/([^\s@/"']{2,64})@"#).check(value::url_password), &["jdbc:oracle:thin:scott/⟦tig{}er12⟧@//ora:1521/XE"], &["jdbc:oracle:thin:@//ora:1521/XE"]),
    row("ntlm-message", Family::Header, "NTLM messages of HTTP and SMTP", Expression::new(&["TlRMTVNTUAA"], r"TlRMTVNTUAA[BCD]AAAA[A-Za-z0-9+/_-]{20,}={0,2}").reach(4096), &["⟦TlRMTVNTUAADAAAA{b120}⟧"], &["TlRMTVNTUAA"]),
    row("digest-response", Family::Header, "responses of digest authentication", Expression::new(&["response="], r#"response=\\{0,3}"([a-fA-F0-9]{32,128})"#), &["Digest username=\"bob\", response=\"⟦{h32}⟧\""], &["response=\"ok\""]),
    row("scheme-key", Family::Header, "keys behind the scheme of their maker's own", Expression::new(&["deepl-auth-key", "kakaoak", "geniekey", "apikey-v1", "private-token", "client-id ", "klaviyo-api-key"], r#"(?i)(?:deepl-auth-key|kakaoak|geniekey|apikey-v1|private-token|client-id|klaviyo-api-key)[\\"':]{0,4}\s{1,12}["']?([A-Za-z0-9_.-]{16,})"#).check(value::token_or_uuid), &["GenieKey ⟦{uuid}⟧", "KakaoAK ⟦{h32}⟧"], &["client-id application-name-of-some-kind"]),
    row("pgpass", Family::ConnectionString, "passwords of .pgpass files", Expression::new(&[":5432:", ":*:", ":5433:", ":6432:"], r#"[A-Za-z0-9.*_-]{1,64}:(?:[0-9]{2,5}|\*):[A-Za-z0-9*_-]{1,64}:[A-Za-z0-9*_.-]{1,64}:([^\s:"'\\,;]{3,})(?:[\s"'\\,;]|$)"#).lead(72).check(not_harmless), &["db.example:5432:app:bob:⟦{a12}⟧", "*:*:*:bob:⟦{a12}⟧", "*:*:*:bob:⟦{d8}⟧"], &["arn:aws:iam::1:*:*", "daemon:*:19700:0:99999:7:::"]),
    row("terraform-default", Family::Password, "defaults of Terraform variables whose name says secret", Expression::new(&["variable \""], r#"(?i)variable "[a-z0-9_-]{0,48}(?:passw(?:or)?d|secret|token|api_?key|private_key)[a-z0-9_-]{0,16}"\s{0,4}\{[^{}]{0,400}?default\s{0,8}=\s{0,4}"([^"$]{4,})"#).reach(600).check(not_harmless), &["variable \"db_password\" {\n  type = string\n  default = \"⟦{a14}⟧\"\n}"], &["variable \"region\" {\n  default = \"eu-central-1\"\n}"]),
    row("bundler-credential", Family::Registry, "credentials of Bundler sources", Expression::new(&["bundle_", "contribsys.com", "contribsys_com", "contribsys__com"], r#"(?i)bundle_[a-z0-9_]{3,64}["']?[\s=:?>|,+-]{1,12}["'`]?([A-Za-z0-9._-]{4,}:[A-Za-z0-9._-]{4,})|contribsys_{0,2}com[a-z0-9_]{0,24}["']?[\s=:?>|,+-]{1,12}["'`]?([a-f0-9]{8}:[a-f0-9]{8})"#).reach(256), &["BUNDLE_GEMS__ACME__COM=⟦{h8}:{h8}⟧"], &["BUNDLE_PATH: vendor/bundle"]),
    row("saml-assertion", Family::QuerySecret, "SAML answers and assertions in forms", Expression::new(&["samlresponse=", "samlart="], r#"(?i)saml(?:response|art)=([^\s&"'<>\\#]{20,})"#).reach(16384), &["SAMLResponse=⟦PHNhbWxw{b300}⟧&RelayState=x"], &["SAMLResponse=missing"]),
    row("telegram-url", Family::Chat, "tokens in the URLs of Telegram's bots", Expression::new(&["api.telegram.org/bot"], r"api\.telegram\.org/bot([0-9]{5,16}:[A-Za-z0-9_-]{20,})"), &["https://api.telegram.org/bot⟦{d9}:AB{s33}⟧/getMe"], &["https://api.telegram.org/bots"]),
    row("build-hook", Family::Chat, "hook URLs that start a build or a deployment", Expression::new(&["/build_hooks/", "/deploy_hooks/", "/deploy-hooks/"], r"/(?:build|deploy)[_-]hooks/([A-Za-z0-9_-]{16,})"), &["https://api.netlify.com/build_hooks/⟦{h24}⟧"], &["/build_hooks/list"]),
    row("netrc", Family::UrlCredential, "passwords of .netrc files", Expression::new(&["login "], r#"login\s+\S{1,64}\s+password\s+([^\s"'\\]{2,})"#).check(not_harmless), &["machine h login bob password ⟦open{}sesame⟧"], &["login bob password ${X}"]),
    row("password-hash", Family::Password, "password hashes of crypt, bcrypt, Apache and Argon2", Expression::new(&["$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "$5$", "$6$", "$y$", "$argon2", "{SHA}", "{SSHA}", "SCRAM-SHA-", "pbkdf2_sha", "pbkdf2:sha", "pbkdf2-sha", "scrypt:", "$krb5", "md5"], r"SCRAM-SHA-[0-9]{1,3}\$[0-9]{3,8}:[A-Za-z0-9+/=$:]{40,}|pbkdf2[_:-]sha[0-9]{1,3}[:$][0-9]{3,8}\$[A-Za-z0-9./+=$]{20,}|scrypt:[0-9:]{5,24}\$[A-Za-z0-9./+=]{4,64}\$[0-9a-f]{40,}|\$krb5[a-z0-9]{2,8}\$\S{40,}|md5[0-9a-f]{32}|\$2[aby]\$[0-9]{2}\$[A-Za-z0-9./]{53}|\$(?:apr1|1|5|6|y)\$(?:rounds=[0-9]+\$)?[A-Za-z0-9./]{1,32}\$[A-Za-z0-9./$]{20,}|\$argon2(?:id|i|d)\$[A-Za-z0-9=,$+/]{30,}|\{S?SHA\}[A-Za-z0-9+/=]{20,}"), &["⟦$2y$10${a53}⟧", "⟦$6${a8}${a86}⟧", "\"bob\" \"⟦SCRAM-SHA-256$4096:{a22}==${a43}=:{a43}=⟧\"", "hash: ⟦pbkdf2_sha256$600000${a12}${a43}=⟧", "\"bob\" \"⟦md5{h32}⟧\""], &["cost $1$ and $5$"]),
    row("client-certificate-header", Family::Header, "certificates in x-forwarded-client-cert", Expression::new(&["cert="], r#"(?i)(?:cert|chain)=\\?"?((?:-|%2D){5}BEGIN[^",;\\]{20,})"#).reach(16384), &["x-forwarded-client-cert: Hash=1;Cert=\"⟦%2D%2D%2D%2D%2DBEGIN%20CERT{a80}⟧\";Subject=x"], &["Cert=none"]),
    row("bearer", Family::Header, "bearer tokens outside their header", Expression::new(&["bearer"], r#"(?i)bearer(?:\s|%20|\+){1,16}["'\\]{0,2}([A-Za-z0-9._~+/=-]{12,})"#).reach(8192).check(value::token), &["got bearer ⟦{a40}⟧ from", "got bearer ⟦{h40}⟧ from"], &["bearer authentication-required", "Bearer realm=\"x\""]),
    row("basic", Family::Header, "basic credentials outside their header", Expression::new(&["basic "], r"(?i)basic\s{1,8}([A-Za-z0-9+/_-]{4,}={0,2})").check(value::is_basic_credential), &["using Basic ⟦dXNlcjpodW50ZXIy⟧"], &["basic authentication", "Basic information"]),
    row("envoy-inline-secret", Family::Mesh, "inline strings of secrets in Envoy configuration", Expression::new(&["inline_string", "inlinestring", "inline_bytes", "inlinebytes"], r#"(?i)(?:secret|token|password|private_key|privateKey|keys|hmac_secret)["\\]{0,8}\s{0,4}:\s{0,60}[\[{]{0,2}\s{0,60}(?:- )?["\\]{0,8}inline_?(?:string|bytes)["\\]{0,8}\s{0,4}:\s{0,4}["\\]{0,8}([^"\\\s,}]{4,})"#).lead(160).check(not_harmless), &["{\"token_secret\":{\"inline_string\":\"⟦opensesame-{d4}⟧\"}}", "{\"keys\":[{\"inline_bytes\":\"⟦{b43}=⟧\"}]}"], &["{\"source\":{\"inline_string\":\"function envoy_on_request\"}}"]),
    row("byte-array", Family::PrivateKey, "the bytes of a key in code", Expression::new(&["byte[] {", "byte[]{", "bytes(["], r"(?i)(?:key|secret|token|passw|salt|seed)\w{0,16}(?:\[\d{0,4}\])? ?:?= ?(?:new )?byte(?:s\(|\[\] ?)[\{\[]\s?((?:-?(?:0x[0-9a-f]{1,2}|[0-9]{1,3})\s?,\s{0,8}){7,}-?(?:0x[0-9a-f]{1,2}|[0-9]{1,3}))").lead(80).reach(4096), &["byte[] AES_KEY = new byte[] { ⟦-21, 20, 1{d2}, -82, -33, -83, 9{d1}, 26, -13⟧ };"], &["byte[] EMPTY_KEY = new byte[] {};"]),
    row("go-bytes", Family::Kubernetes, "bytes in Go's dumps, as Secrets hold them", Expression::new(&["[]uint8{", "[]byte{", "data:map["], r"(?i)\[\](?:uint8|byte)\{((?:0x[0-9a-f]{1,2}|[0-9]{1,3})(?:, ?(?:0x[0-9a-f]{1,2}|[0-9]{1,3})){3,})|data:map\[((?:[\w.-]+:\[[0-9 ]*\] ?)+)\]").reach(8192), &["v1.Secret{Data:map[string][]uint8{\"a\":[]uint8{⟦0x{h2}, 0x{h2}, 0x{h2}, 0x{h2}, 0x{h2}⟧}}}", "&Secret{Data:map[⟦pw:[1{d2} 1{d2} 1{d2}] a:[1{d2} 1{d2}]⟧],}"], &["[]byte{0x1, 0x2}", "Data:map[a:b c:d]"]),
    row("bare-password", Family::Password, "a password right behind the word", Expression::new(&["password ", "passwort ", "kennwort ", "passphrase ", "password (", "passwort ("], r#"(?i)(?:password|passwort|kennwort|passphrase) ["'(]?([^\s"'`(),;]{6,64})"#).check(value::is_likely_password), &["user admin password ⟦som{}mer2023⟧", "set user app password ⟦Ab1!{a10}⟧ channel", "Anmeldung als admin (Passwort ⟦Ma{}tr1x_{a4}⟧) geht"], &["password authentication", "password SCRAM-SHA-256", "password policy2", "password sha512", "password base64"]),
    Rule {
        id: "secret-data",
        family: Family::Kubernetes,
        finds: "data and stringData of Kubernetes Secrets",
        detector: Detector::SecretData,
        positive: &["apiVersion: v1\ndata:\n  user: ⟦YWRtaW4=⟧\nkind: Secret\n", "{\"apiVersion\":\"v1\",\"data\":{\"user\":\"⟦YWRtaW4=⟧\"},\"kind\":\"Secret\"}"],
        negative: &["apiVersion: v1\ndata:\n  user: YWRtaW4=\nkind: ConfigMap\n"],
    },
    Rule {
        id: "column",
        family: Family::Password,
        finds: "values of INSERT statements and of tables, below a column's name that says secret",
        detector: Detector::Columns,
        positive: &["INSERT INTO users (login, password, role) VALUES ('eva', '⟦open{}sesame⟧', 'admin'), ('bob', '⟦{a10}⟧', 'x')", "| Host | Password |\n|---|---|\n| db | ⟦Ab1!{a8}⟧ |\n", " login | api_token | role\n-------+-----------+-----\n eva   | ⟦{a24}⟧ | admin\n", "login,password,role\neva,⟦som{}mer2023⟧,admin\n"],
        negative: &["INSERT INTO users (login, role) VALUES ('eva', 'admin')", "INSERT INTO users (login, password) VALUES ($1, $2)", "| Field | Password |\n|---|---|\n| length | twelve |\n", "the user, password, and role\nof eva, hunter2x, none\n"],
    },
    Rule {
        id: "marked-token",
        family: Family::Password,
        finds: "random words behind the mark of a maker who has no rule here",
        detector: Detector::Marked,
        positive: &["loaded ⟦acme_{a36}⟧ from", "⟦acme_api_{h40}⟧", "⟦acme_{h64}⟧", "⟦acmeKey_{a36}⟧"],
        negative: &["pod cri-containerd-{h64} of", "req_{a24}", "sha256-{h64}", "cache_{h64}", "web-{h64}"],
    },
    Rule {
        id: "unnamed-word",
        family: Family::Password,
        finds: "random words beside a name that says nothing about them, or in a line of their own",
        detector: Detector::Unnamed,
        positive: &["acme: ⟦{a32}⟧", "acme: ⟦{h40}⟧", "acme '⟦{a32}⟧' 'https://host'", "the new acme is ⟦{a24}⟧"],
        negative: &["nonce: {a32}", "commit: {h40}", "merged '{h40}'", "request id {a24}", "\"kid\":\"{a32}\"", "/files/{a32}/list", "{a28}"],
    },
    Rule {
        id: "name-value",
        family: Family::Password,
        finds: "values beside a name that says secret, in every common notation",
        detector: Detector::Assignment,
        positive: &["password=⟦hunt{}er2⟧", "\"apiKey\": \"⟦{a32}⟧\"", "  dbPassword: ⟦{a14}⟧", "{Token:(*string)(\"⟦{a24}⟧\")}", "totp_seed=⟦{u32}⟧", "{RootPassword:⟦opensesame⟧ Other:1}", "<becomePass>⟦{a10}⟧</becomePass>"],
        negative: &["key:\"/registry/roles/system:controller:token-cleaner\" value:\"k8s\\000\\n\\017rbac.authorization\"", "checksum/secret: {h64}", "arn:aws:secretsmanager:eu-central-1:{d12}:secret:prod/db-{a6}", "tokens:\n- name: web\n  path: /var/run/token", "tokenExpirationSeconds: 3607", "password: true", "secretName: istio-ca-secret", "--token-file=/var/run/secrets/token"],
    },
];
