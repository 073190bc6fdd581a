## What goes by itself, each kind of record after its own time.

retention = What goes by age
retention-intro = Each kind of record can go by itself after its own time. Nothing goes until somebody of your clinic looked at what would, and switched it on. By which more goes counts a day later, and can be taken back until then. Ask your lawyer how long your state wants medical records kept.
retention-on = On
retention-off = Off
retention-would = Nothing goes. If it were on:
retention-after = After { $days } days.
retention-after-age = After { $days } days, and not before the patient is { $age } years old.
retention-change = Look and decide
retention-today = { $count ->
    [0] Nothing would go today
    [one] One would go today
   *[other] { $count } would go today
}
retention-soon = { $count ->
    [0] None more in the next 90 days
    [one] One more in the next 90 days
   *[other] { $count } more in the next 90 days
}
retention-span = from { $oldest } to { $newest }
retention-held = { $count ->
    [one] One is old enough and kept by a legal hold or an open privacy request
   *[other] { $count } are old enough and kept by a legal hold or an open privacy request
}
retention-young = { $count ->
    [one] One is old enough and kept for the age of its patient
   *[other] { $count } are old enough and kept for the age of their patients
}
retention-more = There are more than were looked at: at least so many would go.
retention-waits = From { $at } on, this counts:
retention-take-back = Take it back

retention-requests = Requests that are done
retention-requests-about = Their messages, notes, files and mails go, and what the search knows of them. The number, the queue, the times, whose it was and the score of a rating stay, for the figures and for who has seen it. Who wrote goes with the last of their requests, unless they are a patient on file, act for one, or said yes or no to something.
retention-requests-event = Counted from when the request was last touched after it was done.
retention-raw-mails = Mails as they came in
retention-raw-mails-about = The mail as the server gave it, with the key it is sealed with. The words stay in the request. What could not be read is kept with its request.
retention-raw-mails-event = Counted from when the mail came in.
retention-ratings = Words of ratings
retention-ratings-about = What people wrote with their rating. The score stays for the figures.
retention-ratings-event = Counted from the answer.
retention-identity = Who was verified
retention-identity-about = That somebody showed who they are, and how, with calls and second looks.
retention-identity-event = Counted from when it was shown.
retention-privacy-requests = Privacy requests
retention-privacy-requests-about = What patients asked for their data by law, and the answer. Requests to be erased stay, because the certificate hangs on them; restrictions, objections and amendments stay as long as the patient’s record.
retention-privacy-requests-event = Counted from when it was closed.
retention-disclosures = What was given out
retention-disclosures-about = The list from which a patient is told who outside was given their data.
retention-disclosures-event = Counted from when it was recorded.
retention-corrections = Corrections
retention-corrections-about = Where people saw a request otherwise than the desk did: codes alone. The words are the request’s.
retention-corrections-event = Counted from the correction.
retention-drafts = Drafts
retention-drafts-about = Answers that somebody began and never sent.
retention-drafts-event = Counted from when somebody last wrote on it.
retention-exceptions = Exceptions
retention-exceptions-about = Restricted records that somebody opened for a reason, and what was done past the steps that verify who is asking. Only what somebody signed off goes.
retention-exceptions-event = Counted from when it was signed off.
retention-findings = Unusual looks
retention-findings-about = Looks at records that were worth a question, with what was said of them. Only what somebody signed off goes.
retention-findings-event = Counted from when it was signed off.
retention-incidents = Incidents
retention-incidents-about = Incidents with the people they touched, the letters’ words and who was told. An incident stays while anybody on its list is under a legal hold.
retention-incidents-event = Counted from when it was closed.
retention-consents = Earlier notices and consents
retention-consents-about = Which notice a patient was given, and what they said yes or no to, once something newer took its place. The newest always stays.
retention-consents-event = Counted from when something newer took its place.
retention-representatives = Who acted for a patient
retention-representatives-about = Parents, guardians and others who act for a patient no more, with what showed that they might. Whoever is reached in the patient’s name still stays.
retention-representatives-event = Counted from when it ended.
retention-holds = Legal holds that are over
retention-holds-about = Why a record was held, from when to when, and who said so. A hold that still counts stays.
retention-holds-event = Counted from when it was taken away, or else from its last day.
retention-contacts = People without a request
retention-contacts-about = Names and addresses of people who are no patient and of whom nothing else is here. Whoever acts for somebody, is signed in, stands on an incident’s list, or said yes or no to something stays: a no has to be kept to.
retention-contacts-event = Counted from when they, or a way to reach them, were last added, or they were last sent a confirmation.
retention-patients = Patients without anything
retention-patients-about = Patients of whom nothing else is here: no request, not even one whose words went, nothing asked by law, agreed to or given out, and nobody who acts for them. Name, birth date, record number and addresses go.
retention-patients-event = Counted from when they, or a way to reach them, were last added, or they were last sent a confirmation.

retention-fixed = What is no choice
retention-fixed-log = The audit log stays. Its entries are chained, so that nobody can take one out unseen, and they hold ids and codes, no words. The law wants them for at least six years (45 CFR 164.316(b)(2)(i)).
retention-fixed-erasures = Certificates of what was destroyed stay, with the marks by which a mail that still lies in the mailbox is not taken in again.
retention-fixed-soon = Sessions, links for patients, files that nobody sent and copies of records go by themselves, each after its own days.

retention-step-look = First, look
retention-days = Days
retention-least = At least { $days }.
retention-age = And not before the patient is this old
retention-age-help = Minors’ records are kept until they are of age and some years more; some states go to 30. Without a birth date, a patient’s record is kept until even somebody born on its day is this old. Of somebody who is no patient on file nothing says how old they are: theirs goes by days alone.
retention-look = Look at what would go
retention-step-decide = Then, decide
retention-decide = Have them go
retention-decide-help = If more goes by it than now, it counts in 24 hours, and whoever decides about privacy is told. What went is gone from the desk; a backup from before holds it until the backup runs out.
retention-switch-off = Switch it off
retention-switch-off-help = Nothing more goes from now on. What went is gone.
retention-error-least = This kind of record is kept at least { $days } days.
retention-error-days = Give a whole number of days, at most 36,600.
retention-error-age = Give an age from 18 to 40.
retention-error-look = Look at what would go first. A look counts for an hour.

retention-runs = What went
retention-runs-intro = Each rule that is on runs once a day. Each run leaves a signed account of what it did, in counts.
retention-runs-none = Nothing ran yet
retention-runs-none-text = The first run comes within an hour after a rule counts.
retention-went = { $count ->
    [0] nothing went
    [one] one went
   *[other] { $count } went
}
retention-kept = { $count ->
    [one] one kept
   *[other] { $count } kept
}
retention-going = Not over yet
retention-proof = Account of a run
retention-save = Save it
retention-proof-record = What
retention-proof-rule = Rule
retention-proof-decided = Decided by
retention-proof-cutoff = What began before
retention-proof-started = Began
retention-proof-ended = Over
retention-proof-records = Went
retention-proof-held = Kept by a legal hold or an open request
retention-proof-young = Kept for the age of the patient
retention-proof-tables = Rows, by table
retention-proof-list = Sum over the ids of what went:
retention-proof-help = The note is a checkpoint of the desk’s audit key over the SHA-256 of the account. The same sum stands in the audit log.
retention-proven = The signature is this desk’s
retention-unproven = The signature does not fit
retention-cut-short = The rule was changed while it ran, which ended it.

flash-retention-now = Saved. It counts from now on.
flash-retention-later = Saved. It counts in 24 hours and can be taken back until then.
flash-retention-back = Taken back.
flash-retention-changed = This was changed meanwhile. Please look again.

holds-intro = While a hold is on the record, nothing of it is destroyed by a rule of age, or because the patient asked.
holds-none = No hold was placed on this record.

audit-action-retention-begin = Had a decision about age count
audit-action-retention-decide = Decided what goes by age
audit-action-retention-destroy = Destroyed what was old enough
audit-action-retention-end = Ended a run of a rule of age
audit-action-retention-list = Looked at the rules of age or their runs
audit-action-retention-preview = Looked at what would go by age
audit-action-retention-proof = Looked at the account of a run
audit-action-retention-read = Looked at a rule of age
audit-action-retention-run = Began a run of a rule of age
audit-action-retention-take-back = Took a decision about age back
audit-kind-retention-rule = Rule of age
audit-kind-retention-run = Run of a rule of age
