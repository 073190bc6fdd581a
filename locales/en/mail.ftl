### Mail coming in: what a look at a mailbox's servers found, and tickets made of mail that could not be read.

mailbox-error-ok = Works.
mailbox-error-local = This server is on the desk's own machine, or on its network link alone. If that is meant, set local_mail_servers to true in bedside.toml.
mailbox-error-unreachable = The mail server can't be reached. Check its name and port.
mailbox-error-broken = The connection to the mail server broke. It is tried again.
mailbox-error-timed_out = The mail server did not answer in time.
mailbox-error-tls = No secure connection to the mail server. Check the port and the server's certificate.
mailbox-error-no_starttls = The mail server offers no STARTTLS. Use TLS, or ask its provider.
mailbox-error-needs_tls = Nothing is read or sent here: without TLS, passwords and patients' words would travel in the open. Choose TLS or STARTTLS, or set unprotected_mail to true in bedside.toml. Nothing is lost meanwhile.
mailbox-error-login = The mail server refused the user name or the password.
mailbox-error-no_folder = This folder does not exist or can't be opened.
mailbox-error-no_uids = The mail server has no lasting message numbers (UIDs) and can't be used.
mailbox-error-refused = The mail server refused the request.
mailbox-error-protocol = The mail server's answer can't be understood.
mailbox-error-desk = The desk could not store the mail. It is tried again.

mail-parked-subject = A mail could not be read
mail-parked-body =
    A mail came in that the desk could not read. It is attached as it came: open it with care, and answer by hand.
    Reason: { $reason }
mail-parked-too-large-body =
    A mail of { $size } bytes came to { $mailbox } on { $arrived }. It is larger than the desk takes, so it was left there, unread.
mail-parked-unreadable-body =
    A mail came to { $mailbox } on { $arrived } that the mail server could not hand over. It was left there, unread.
mail-parked-find =
    Its header is attached. Look for its sender, subject and time in that mailbox, open it there and answer by hand.
mail-parked-beginning = This stands at its beginning:
mail-parked-find-by-time =
    Look for that time in the mailbox, open it there and answer by hand.
mail-parked-reason-too-large = it is larger than the desk takes.
mail-parked-reason-header = its header is too large.
mail-parked-reason-parts = it has too many parts inside one another.
mail-parked-reason-empty = it is empty.
mail-parked-reason-not-mail = it is not a mail message.
mail-parked-reason-no-sender = it names no sender who could be answered.
mail-parked-reason-attempts = the desk failed to read it several times.
mail-parked-reason-unreadable = the mail server could not hand it over.
