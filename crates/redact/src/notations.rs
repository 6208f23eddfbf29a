//! Tables of the ways in which people and programs write a secret down, and of what looks like one of them. Not for: the
//! rules' own samples, which stand in their rows.

use super::samples::expand;
use super::tests::redact;

/// Each text must lose what its `{}` stands for, and keep all that stands around it.
fn assert_masked(secret: &str, texts: &[&str]) {
    for text in texts {
        let out = redact(&text.replace("{}", secret));
        assert!(!out.contains(secret) && out.contains('‹'), "{out}");
        let (before, _) = text.split_once("{}").unwrap();
        assert!(out.starts_with(before), "{text} -> {out}");
    }
}

fn assert_kept(texts: &[&str]) {
    for text in texts {
        let text = expand(text).text;
        assert_eq!(redact(&text), text);
    }
}

#[test]
fn a_value_is_found_behind_every_sign_that_tools_put_between_it_and_its_name() {
    assert_masked(
        "sommer2023",
        &[
            "  HTTP_Passwd    {}",
            "SetEnv DB_PASSWORD {}",
            "| password | {} |",
            "│ password │ {} │",
            "**Password:** {}",
            "**Password**: {}",
            "Config(password=Optional[{}], user=bob)",
            "[\"password\"]=> string(10) \"{}\"",
            "password: Secret(\"{}\"), user: bob",
            "{default_pass, <<\"{}\">>},",
            "bind_password = \"\"\"{}\"\"\"",
            "DRIVER={x};UID=etl;PWD={{}}",
            "<setting name=\"Password\" serializeAs=\"String\"><value>{}</value></setting>",
            "<wsse:Password Type=\"https://docs.example#PasswordText\">{}</wsse:Password>",
            "<key>apiPassword</key>\n<string>{}</string>",
            "<member><name>password</name><value><string>{}</string></value></member>",
            "%X{user}=eva %X{password}={} accepted",
            "[/opt/tool, --user, svc, --password, {}, --sync]",
            "+  password: {}",
            "{\"Key\":\"orders/db/password\",\"Flags\":0,\"Value\":\"{}\"}",
            "  - value: \"{}\"\n    name: DB_PASSWORD\n",
            "- name: DB_PASSWORD\n  value: >-\n    {}\n",
            "passwort lautet: {}",
            "kennwort: {}",
            "contrase\\u00f1a={}",
        ],
    );
}

#[test]
fn a_text_of_code_is_found_in_all_places_where_its_name_may_have_it() {
    assert_masked(
        "sommer2023",
        &[
            "const p = process.env.DB_PASSWORD || '{}';",
            "const p = process.env.DB_PASSWORD ?? \"{}\";",
            "export const password =\n  process.env.DB_PASSWORD ||\n  '{}';",
            "const dbPassword =\n  '{}';",
            "static final String DEFAULT_PASSWORD\n        = \"{}\";",
            "password = (\n    \"{}\"\n)",
            "const std::string password{\"{}\"};",
            "ENV.fetch('DB_PASSWORD') { '{}' }",
            "cfg.SetPassword(\"{}\")",
            "builder.user(\"bob\").password(\"{}\").build()",
            "const PASSWORD: &'static str = \"{}\";",
            "let password = String::from(\"{}\");",
            "SecretString password = new SecretString(\"{}\");",
            "Password: []byte(\"{}\"),",
            "Password: to.Ptr(\"{}\"),",
            "password: Buffer.from('{}'),",
            "UPDATE users SET password=MD5('{}')",
            "char password[32] = \"{}\";",
            "if password == \"{}\":",
            "\"password\" => \"{}\"\n:user => \"bob\"",
        ],
    );
    assert_kept(&[
        "const p = process.env.DB_PASSWORD || process.env.PASSWORD;",
        "password =\n    os.environ['DB_PASSWORD']",
        "getSecret(\"db-main\")",
        "api_key = settings.get_secret_value(\"api_key\")",
        "resource \"random_password\" \"orders-db1\" {",
        "id, ok := oauth2Token.Extra(\"id_token\").(string)",
        "cfg.SetPassword(\"\")",
        "kube_secret_info{namespace=\"shop\"} 1",
        "if (token || \"\") {",
        "PASSWORD=\nUSER=bob",
    ]);
}

#[test]
fn what_resembles_a_filler_or_a_reference_and_is_none_is_masked() {
    for text in [
        "curl --data \"password=hunter2horse&user=bob\" https://x",
        "password: \"secret!\"",
        "password: hunter2...",
        "password: $violet.harbor",
        "password: Maple...",
        "data \"password\" = \"maple2023\"",
        "bob:Violet(66)harbor@tcp(db:3306)/x",
        "password: Todo1234xyz",
        "password: this is the way to be",
        "<password>hun<ter2</password>",
        "<password>hunter2horse<br/>",
        "private_key: 0x1234567890abcdef",
        "password: Secret!(42)x9",
        "\"token: \"hunter2horse8fJx2kQz9LmW\"\"",
    ] {
        assert!(redact(text).contains('‹'), "{text}");
    }
}

#[test]
fn a_random_value_is_found_where_a_word_would_be_none() {
    let token = expand("{a32}").text;
    assert_masked(
        &token,
        &[
            "token - '{}'",
            "apiKey |{}",
            "SPLIT_API_KEY             {}",
            "AWS Secret Access Key [None]: {}",
            "map[Accept:[*/*] X-Api-Key:[{}]]",
            "first token = '{}'",
            "client = AcmeClient('{}')",
            "acme = \"{}\";",
            "Your key was made. Keep it:\n\n    {}\n\nIt is shown once.",
            "var c = new AcmeClient(\"app-1\", \"{}\");",
        ],
    );
    let out = redact(&format!("token = '{token}' | '{}'", expand("{h40}").text));
    assert_eq!(out.matches('‹').count(), 2, "{out}");
    let out = redact("~ password = \"sommer2022\" -> \"sommer2023\"");
    assert_eq!(out.matches('‹').count(), 2, "{out}");
}

#[test]
fn a_passphrase_in_quotation_marks_is_masked_to_its_end() {
    for text in ["mongosh -u root -p 'Ember 48 oyster' db", "docker login h -u ci -p \"Thistle 48 oyster\""] {
        let out = redact(text);
        assert!(!out.contains("oyster") && out.contains("‹"), "{out}");
    }
}

#[test]
fn signs_of_a_notation_that_belong_to_the_value_do_not_end_it() {
    for text in [
        "  password: 'it''s-me-99'\n",
        "<property name=\"connection.password\">Bar&amp;Grill99</property>",
        "  - name: DJANGO_SECRET_KEY\n    value: abc#v0pf64&hgi68zd99\n",
        "x{RootPassword:abc,def99,Name:y}",
        "define( 'DB_PASSWORD', 'bramble(140)Violet99' );",
        "sql.Open(\"mysql\", \"acct:dri@zzle99@tcp(mysql:3306)/acct\")",
        "cfg: &{Addr::8080 AuthToken:zpcA9DODfvXH<YWd799 Debug:false}",
    ] {
        let out = redact(text);
        assert!(!out.contains("99") && out.contains('‹'), "{out}");
    }
}

#[test]
fn a_cookie_in_letters_alone_is_masked_beside_a_name_that_says_secret() {
    let out = redact("Cookie: lang=de; auth=opensesame; theme=dark");
    assert!(!out.contains("opensesame"), "{out}");
}

#[test]
fn a_value_of_any_length_is_masked_to_its_end_in_elements_and_dumps() {
    let long = expand("{a32}").text.repeat(40);
    for text in [format!("<password>{long}</password>"), format!("{{RootPassword:{long} Other:1}}")] {
        let out = redact(&text);
        assert!(!out.contains(&long[long.len() - 16..]) && out.len() < 60, "{out}");
    }
}

#[test]
fn what_a_name_says_is_no_key_stays_though_it_is_random() {
    assert_kept(&[
        "public key: {a43}=",
        "wg0 public key {a43}=",
        "checksum/tls: {h64}",
        "x-amz-cf-id: {a54}==",
        "Content-Type: multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        "ETag: W/\"{a24}\"",
        "if-none-match: \"{h40}\"",
        "at _ZN5tokio7runtime4task7harness20Harness$LT$T$C$S$GT$4poll17h5f3a9c8b7d6e1f20E (main.rs:12)",
        "HEAD is now at {h40}",
        "Submodule path 'vendor/lib': checked out '{h40}'",
        "_acme-challenge.shop.example. TXT \"{a43}\"",
        "[node-1][{a22}] cluster state updated",
        "\"kid\":\"EA_{s40}\",\"e\":\"AQAB\"",
        "level=warn msg=\"no matching key\" kid={a27}",
        "golang.org/x/net v0.30.0 h1:{a43}=",
        "lowerdir=/var/lib/docker/overlay2/l/{u26}:/var/lib/docker/overlay2/l/{u26}",
        "Cache restored from key: Linux-node-{h64}",
        "green open logs-auth-2026.05.05 {a22} 1 1 91822 0",
        "x509 cert - Issuer: \"O=cluster.local\", Subject: \"\", SN: {h32}, NotBefore: \"2026-11-26\"",
        "Sources:[]VolumeProjection{VolumeProjection{Secret:nil,ConfigMap:nil}}",
        "\"ISTIO_PROXY_SHA\": \"istio-proxy:{h40}\"",
        "\"tags\":[\"{h32}\"],\"title\":\"Service Dashboard\"",
        "rewriteAppHTTPProbe: {{ valueOrDefault .Values.sidecarInjectorWebhook.rewriteAppHTTPProbe false }}",
        "queue 'amq.gen-{a24}' declared",
        "order {a24} shipped",
        "{b64}\n{b64}\n{b32}\n",
    ]);
}

#[test]
fn what_tools_write_in_a_secret_s_place_and_about_secrets_stays() {
    assert_kept(&[
        "    client-key-data: DATA+OMITTED",
        "\"private_key\":{\"inline_bytes\":\"W3JlZGFjdGVkXQ==\"}",
        "password:  16 bytes",
        "\"password\"=>\"[FILTERED]\"",
        "WARNING! Using --password via the CLI is insecure. Use --password-stdin.",
        "if password != confirmPassword {",
        "message LoginRequest { string username = 1; string password = 2; }",
        "password_encryption = scram-sha-256",
        "daemon:*:19700:0:99999:7:::",
        "Cookie: lang=de; theme=dark; cookie_consent=accepted",
        "client_id=482019377421-k2v9e7pq1m3n5b7v9c1x3z5l7k9j1h3g.apps.googleusercontent.com",
        "<Code>NoSuchKey</Code><Key>exports/2026/11/02/part-00017-1003e9b1.c000.snappy.parquet</Key>",
        "login.password=Passwort",
        "passwort.hinweis=Bitte geben Sie Ihr Passwort ein",
        "rotate password hashing to argon2id",
        "POSTGRES_PASSWORD=${POSTGRES_PASSWORD:?must be set}",
        "Tokens.Jwt, Version=6.35.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35",
        "golang.org/x/oauth2.(*reuseTokenSource).Token(0xc0004d2a80)",
        "secret_key = \"TODO-set-me\"",
        "API_TOKEN=<paste token>",
        "DB_PASSWORD=<your-password-here>\nAPI_TOKEN=<paste token>",
        "curl -H \"Authorization: Bearer sk-...\" https://api.example.com",
        "headers: { Authorization: `Bearer ${accessToken}` }",
        "secretKey: $oidc.keycloak.clientSecret",
        "password: the password of the database user. Required when sasl is enabled.",
        "label.password=Mot de passe",
        "\"login.secretQuestion\": \"Sicherheitsfrage\"",
        "let secret = SecretString::from(std::env::var(\"APP_SECRET\")?);",
        "$password = $_POST[\"password\"] ?? null;",
        "read -rsp \"Password: \" PASSWORD; echo",
        "input LoginInput { password: String! }",
        "\"client_token_accessor\":\"hmac-sha256:{h64}\"",
        "\"Action\": [\"secretsmanager:GetSecretValue\", \"ssm:GetParameter\"],",
        "password-strength==0.0.3.post2",
        "flags: { \"password-less-login\": 0.25 }",
        "--- PASS: TestPasswordReset/expired_token (0.01s)",
        "STRIPE_PRICE=price_{a24}",
        "Send the deposit to bc1q{l38} (2 confirmations)",
        "passwd: password updated successfully",
        "Set-Cookie: session=deleted; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
    ]);
}
