//! Masks what is secret in standard input, in bounded memory, and says at the end how many values it masked:
//! `kubectl logs deploy/shop | cargo run --example redact_stdin -p meshcase-redact`. Not for: archives, or anything else
//! that the plugin's verb `redact` does.

use std::error::Error;
use std::io::{self, Read, Write};

use meshcase_redact::{BundleKey, End, Gathered, RedactOptions, Redactor};

fn main() -> Result<(), Box<dyn Error>> {
    // One key for one bundle: equal values get equal tokens, and nobody can go back from them once the key is gone.
    let redactor = Redactor::new(&BundleKey::generate()?, &RedactOptions::default())?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut stream = redactor.stream();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        output.write_all(stream.push(Gathered::from(chunk[..read].to_vec())).as_bytes())?;
    }
    // `End::Cut` would leave out the last word, which may be half a secret.
    let (rest, counts) = stream.finish(End::Complete);
    output.write_all(rest.as_bytes())?;
    eprintln!("{} values masked", counts.total());
    Ok(())
}
