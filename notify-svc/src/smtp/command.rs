//! Which replies a command can have (RFC 5321, section 4.3.2).

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Nothing: the server speaks first.
    Greeting,
    Ehlo,
    StartTls,
    /// `AUTH`, or an answer to a challenge, after which the server asks for more.
    AuthChallenge,
    /// `AUTH`, or an answer to a challenge, after which the server has decided.
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The message with its final dot.
    FinalDot,
    Rset,
    Quit,
}

/// What a code means as the answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Done, or go on.
    Positive,
    /// No, for now or for good.
    Negative,
    /// The command cannot have it: it answers something else, and nobody knows what the next reply will answer.
    Misplaced,
}

/// The positive codes that the RFCs give to some command. A code that is none of them says by its first digit what it
/// means (RFC 5321, section 4.2).
const KNOWN: [u16; 10] = [211, 214, 220, 221, 235, 250, 251, 252, 334, 354];

impl Command {
    /// Judges a code.
    pub(super) fn verdict(self, code: u16) -> Verdict {
        let own: &[u16] = match self {
            Self::Greeting | Self::StartTls => &[220],
            Self::Ehlo | Self::Mail | Self::FinalDot | Self::Rset => &[250],
            Self::Rcpt => &[250, 251, 252],
            Self::AuthChallenge => &[334],
            Self::Auth => &[235],
            Self::Data => &[354],
            Self::Quit => &[221, 250],
        };
        match code {
            400..600 => Verdict::Negative,
            _ if own.contains(&code) => Verdict::Positive,
            _ if !KNOWN.contains(&code) && own.iter().any(|known| known / 100 == code / 100) => {
                Verdict::Positive
            }
            _ => Verdict::Misplaced,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_another_command_is_misplaced_and_an_unknown_one_counts_by_its_first_digit() {
        use Command::*;
        use Verdict::*;
        for (command, code, verdict) in [
            (Greeting, 220, Positive),
            (Greeting, 250, Misplaced),
            (Greeting, 554, Negative),
            (Ehlo, 250, Positive),
            (Ehlo, 220, Misplaced),
            (StartTls, 250, Misplaced),
            (Auth, 235, Positive),
            (Auth, 250, Misplaced),
            (Auth, 334, Misplaced),
            (AuthChallenge, 235, Misplaced),
            (Mail, 250, Positive),
            (Mail, 299, Positive),
            (Mail, 354, Misplaced),
            (Mail, 221, Misplaced),
            (Rcpt, 251, Positive),
            (Rcpt, 354, Misplaced),
            (Rcpt, 599, Negative),
            (Data, 354, Positive),
            (Data, 399, Positive),
            (Data, 250, Misplaced),
            (Data, 334, Misplaced),
            (FinalDot, 250, Positive),
            (FinalDot, 200, Positive),
            (FinalDot, 354, Misplaced),
            (FinalDot, 399, Misplaced),
            (FinalDot, 221, Misplaced),
            (FinalDot, 421, Negative),
            (Rset, 250, Positive),
            (Rset, 354, Misplaced),
        ] {
            assert_eq!(command.verdict(code), verdict, "{command:?} {code}");
        }
    }
}
