//! Where the server is, and the key to it.

use ureq::http::{HeaderValue, Uri};

use crate::LlmError;

/// Where OpenAI's own server is.
const OPENAI: &str = "https://api.openai.com/v1";

/// Keys shorter than this (`none`, `ollama`) are no secrets, but words that answers may well contain.
const SECRET_BYTES: usize = 16;
/// The shortest beginning of a key that is taken out of a message.
const BEGINNING_BYTES: usize = 8;

/// A server and the key to it. The key shows in nothing that is printed, logged or kept.
#[derive(Clone)]
pub struct Endpoint {
    base: String,
    is_local: bool,
    key: Option<(String, HeaderValue)>,
}

impl Endpoint {
    /// A server by its base address, such as `http://localhost:11434/v1`; without a path, `/v1` is meant.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the address is none, or if the key cannot be sent.
    pub fn new(base: &str, key: Option<&str>) -> Result<Self, LlmError> {
        let unavailable =
            |reason: String, hint: &str| LlmError::Unavailable { reason, hint: hint.to_owned() };
        // Not shown: an address that cannot be understood may hold a password.
        let no_address = || {
            let example = "set OPENAI_BASE_URL to an address like http://localhost:11434/v1";
            unavailable("the server's address is not understood".to_owned(), example)
        };
        let uri: Uri = base.trim().trim_end_matches('/').parse().map_err(|_| no_address())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(no_address)?.to_owned();
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
        let (scheme, authority) = scheme.zip(uri.authority()).ok_or_else(no_address)?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            let hint = "give the key in OPENAI_API_KEY";
            return Err(unavailable("the server's address has a password or a query".to_owned(), hint));
        }
        let path = if uri.path() == "/" { "/v1" } else { uri.path() };
        let base = format!("{scheme}://{authority}{path}");
        let header = |key: &str| {
            let can_be_sent = key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            let value = HeaderValue::from_str(&format!("Bearer {key}")).ok().filter(|_| can_be_sent);
            let mut value = value.ok_or_else(|| {
                let hint = "look for line breaks and letters that are not ASCII in OPENAI_API_KEY";
                unavailable("the key has characters that cannot be sent".to_owned(), hint)
            })?;
            value.set_sensitive(true);
            Ok((key.to_owned(), value))
        };
        let key = key.map(str::trim).filter(|key| !key.is_empty()).map(header).transpose()?;
        Ok(Self { base, is_local: is_local(&host, own_name().as_deref()), key })
    }

    /// The server that `OPENAI_BASE_URL` and `OPENAI_API_KEY` name; `variable` looks them up. Without an address,
    /// OpenAI's own, which needs a key.
    ///
    /// # Errors
    /// As [`Endpoint::new`]; if neither is set.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, LlmError> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let (base, key) = (given("OPENAI_BASE_URL"), given("OPENAI_API_KEY"));
        if base.is_none() && key.is_none() {
            return Err(LlmError::Unavailable {
                reason: "neither OPENAI_BASE_URL nor OPENAI_API_KEY is set".to_owned(),
                hint:
                    "set OPENAI_BASE_URL for a server of your own (http://localhost:11434/v1 for Ollama), or \
                    OPENAI_API_KEY for OpenAI"
                        .to_owned(),
            });
        }
        Self::new(base.as_deref().unwrap_or(OPENAI), key.as_deref())
    }

    /// As [`Endpoint::from_variables`], from the environment.
    ///
    /// # Errors
    /// As [`Endpoint::from_variables`].
    pub fn from_environment() -> Result<Self, LlmError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The base address; holds no secret.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of one of its services.
    pub(crate) fn address(&self, service: &str) -> String {
        format!("{}/{service}", self.base)
    }

    /// Whether it is on this machine or beside it, where no proxy leads.
    pub(crate) fn is_local(&self) -> bool {
        self.is_local
    }

    /// The header that opens the door.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        self.key.as_ref().map(|(_, header)| header.clone())
    }

    /// A message without the key, should a server repeat it, be it as a string of JSON. Has to be whole: what is cut
    /// off before may end within the key.
    pub(crate) fn scrub_message(&self, text: String) -> String {
        let whole = self.without_whole_key(text);
        // Some servers repeat the beginning of a key.
        let key = self.key.as_ref().map_or("", |(key, _)| key);
        let beginnings = (BEGINNING_BYTES..key.len()).rev().filter_map(|end| key.get(..end));
        match beginnings.into_iter().find(|beginning| whole.contains(beginning)) {
            Some(beginning) => whole.replace(beginning, "[key]"),
            None => whole,
        }
    }

    fn without_whole_key(&self, text: String) -> String {
        self.shown_as().iter().fold(text, |text, form| match text.contains(form) {
            true => text.replace(form, "[key]"),
            false => text,
        })
    }

    /// As [`Endpoint::scrub_message`], for a text that was cut off already.
    pub(crate) fn scrub_beginning(&self, text: String) -> String {
        let longest = self.shown_as().first().map_or(0, String::len);
        let mut text = self.scrub_message(text);
        text.truncate(text.floor_char_boundary(text.len().saturating_sub(longest)));
        text
    }

    /// What the key may look like in a text, the longest form first.
    fn shown_as(&self) -> Vec<String> {
        let Some((key, _)) = &self.key else { return Vec::new() };
        let quoted = serde_json::Value::from(key.as_str()).to_string();
        let escaped = quoted.trim_matches('"').to_owned();
        vec![escaped.replace('/', r"\/"), escaped, key.clone()]
    }

    /// An answer without the key.
    pub(crate) fn scrub_answer(&self, text: String) -> String {
        match &self.key {
            Some((key, _)) if key.len() >= SECRET_BYTES => self.without_whole_key(text),
            _ => text,
        }
    }
}

/// Whether a host is this machine or one beside it: an address of the loop or none in particular, a name without a
/// domain, or one of a domain that never leaves the building; `own` is what this machine is called.
pub(super) fn is_local(host: &str, own: Option<&str>) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        return address.is_loopback() || address.is_unspecified();
    }
    let is_beside = ["localhost", "local"].iter().any(|domain| host.ends_with(&format!(".{domain}")));
    !host.contains('.') || is_beside || own.is_some_and(|own| own.trim().eq_ignore_ascii_case(&host))
}

/// What this machine is called, where the system says so.
fn own_name() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok())
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = if self.key.is_some() { "[key]" } else { "none" };
        f.debug_struct("Endpoint").field("base", &self.base).field("key", &key).finish_non_exhaustive()
    }
}
