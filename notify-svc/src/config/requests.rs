//! Who may ask for mails over the bus.

use chassis::bus::BusSettings;
use chassis::config::Settings;
use eventbus::EventPublicKeys;

use crate::events::REQUESTS;

/// Trusts the keys of those who may ask, and answers whether there are any.
pub(crate) fn from_settings(settings: &mut Settings, kafka: &mut BusSettings) -> bool {
    let keys: Option<EventPublicKeys> = settings.optional(
        "MAIL_REQUEST_PUBLIC_KEYS",
        "Public keys in base64, separated by commas, of the backends that may ask for mails by MailRequested; without \
         one nobody may.",
    );
    let Some(keys) = keys else { return false };
    kafka.trust(REQUESTS, keys);
    true
}
