### Searches of the audit log that are kept, and rounds of access.

## Searching the log
audit-anybody = Anybody
audit-who-token = { $name } (API token)
audit-who-other = Somebody else ({ $id })
audit-ticket = Request number
audit-patient = On whom
audit-patient-this = The patient you came from
audit-source = Way in
audit-last = Time
audit-last-all = Any time, or the days below
audit-last-1 = Today
audit-last-7 = The last 7 days
audit-last-30 = The last 30 days
audit-last-90 = The last 90 days
audit-download = Download what was found
audit-note-field = Part of this search is not there any more. It was left out; the rest was looked for.
audit-note-who = Whoever this search names is not let in any more. What they did is still found.
audit-note-patient = There is no such patient any more. What the log tells of them is still found.
audit-note-ticket = There is no request with this number.
audit-note-action = Nothing is called that in the log any more. Older entries may still have it.
audit-note-day = A day could not be read and was left out.
audit-kept = Kept searches
audit-kept-by = shared by { $who }
audit-kept-keep = Keep this search
audit-kept-change = Rename, share or remove
audit-kept-name = Name of the search
audit-kept-name-help = What it is for, such as “Refused at night”. Please write nobody's name here.
audit-kept-shared = Share it with everybody who may read the audit log
audit-kept-remove = Remove this search
audit-kept-error-name = A name has 1 to 100 characters, on one line.
audit-kept-error-many = You keep 20 searches already. Please remove one first.
audit-kept-error-changed = This search was changed meanwhile. Please look at it again.
flash-audit-kept-done = The search is kept.
flash-audit-kept-removed = The search was removed.
audit-action-audit-export = Downloaded what a search of the log found
audit-action-audit-filters = Opened kept searches
audit-action-audit-forget = Removed a kept search
audit-action-audit-keep = Kept a search
audit-action-audit-share = Renamed or shared a kept search
audit-kind-audit-filter = Kept search
audit-detail-kept = kept
audit-detail-shared = shared
seen-log = In the audit log

## Rounds of access
access = Who may do what
access-intro = Once a quarter, somebody else looks at what each colleague and each API token can open.
access-about = A round opens by itself every quarter and is open for { $count ->
    [one] { $count } day
   *[other] { $count } days
 }. Each colleague and each API token is kept, changed or taken away by somebody else. Finished rounds stay here as evidence.
access-open = Open a round now
access-none = No round yet
access-none-text = The first one opens with the next quarter. You can also open one now.
access-opened-on = Opened { $day }
access-closed-on = Closed { $day }
access-due = Open until { $day }
access-printed = As { $clinic } had it on { $day }.
access-download = Download as a table
access-waits = { $count ->
    [one] { $count } waits for a decision
   *[other] { $count } wait for a decision
 }
access-decided = { $count ->
    [one] { $count } decided
   *[other] { $count } decided
 }
access-decide-help = Is this still what they need for their work? What you decide is written to the audit log with your name.
access-all-decided = Everything is decided
access-all-decided-text = Close the round, and it stays as it is. Print this page or download the table as evidence.
access-close = Close the round
access-keep = Keep
access-change = Change
access-change-now = Change it now
access-take = Take away
access-own = This is yours, or of your making. Somebody else decides on it.
access-beyond = They may do more than you. Somebody who watches over privacy decides on it.
access-alone = Nobody else here may decide on this. It stays, and the round can be closed without it.
access-only-administrator = This is the only administrator. Somebody else confirms the role; whoever watches over privacy may do it.
access-opens = Opens { $count ->
    [one] { $count } thing
   *[other] { $count } things
 }
access-labels = Labelled patients they may see
access-queues = queues
access-queues-all = all
access-factor = second factor
access-no-factor = no second factor
access-last = last seen { $day }
access-last-never = never seen
access-until = works until { $day }
access-token = API token
access-token-by = API token, made by { $who }
access-change-new = New
access-change-role = Another role
access-change-more = Opens more
access-change-less = Opens less
access-change-queues = Other queues
access-change-second-factor = Second factor changed
access-decided-keep = Kept
access-decided-change = To be changed
access-decided-changed = Changed
access-decided-take = Taken away
access-decided-ended = Had ended already
access-decided-unconfirmed = Confirmed by nobody
access-decided-suspended = Confirmed by nobody, and taken away
access-decided-alone = Nobody else could decide
access-decided-by = { $who }, { $day }
access-by-itself = by itself
access-waiting = Waits
access-error-decided = A colleague was first: this is decided. Please look at what they said.
access-error-changed = What it opens changed while you looked. Please look again before you decide.
access-error-ended = This access has ended meanwhile. There is nothing to decide.
access-error-closed = This round is over.
access-error-last = This is the only administrator. Make somebody else one first.
access-error-waits = Something in this round still waits for a decision.
access-error-open = A round is open already.
access-csv-round = Round
access-csv-name = Name
access-csv-kind = What
access-csv-opens = Opens
access-csv-labels = Labelled patients
access-csv-queues = Queues
access-csv-factor = Second factor
access-csv-last = Last seen
access-csv-changes = Changed since the last round
access-csv-decision = Decision
access-csv-by = Decided by
access-csv-at = Decided at
access-quarterly = Look every quarter at who may do what
access-days = Days a round of access is open
access-days-help = 7 to 90. Those who decide are reminded 7 and 2 days before it ends.
access-suspend = Let in no more whom nobody confirmed
access-suspend-help = When a round ends. Off: they are told to whoever watches over privacy. The last administrator always stays.
flash-access-opened = The round is open. Those who decide get a mail.
flash-access-closed = The round is closed.
flash-access-said-keep = Kept.
flash-access-said-change = Noted. Whoever manages the staff changes it.
flash-access-said-take = Taken away. It opens nothing any more.
access-said-keep = keep
access-said-change = change
access-said-take = take away
access-said-ended = had ended
access-said-unconfirmed = confirmed by nobody
access-said-suspended = confirmed by nobody, taken away
access-said-alone = nobody else could decide
audit-action-access-close = Closed a round of access
audit-action-access-decide = Decided on an access
audit-action-access-export = Downloaded a round of access
audit-action-access-go-on = Brought a round of access up to date
audit-action-access-list = Looked at the rounds of access
audit-action-access-open = Opened a round of access
audit-action-access-read = Read a round of access
audit-kind-access-round = Round of access
audit-detail-quarter = quarter
audit-detail-decision = decision
audit-detail-unconfirmed = unconfirmed
audit-detail-reminded = reminded
audit-detail-staff = colleague
audit-detail-token = token
notice-access-subject = Who may do what: please have a look
notice-access-look = Please have a look, and say what stays:
notice-access-round = A round began at { $at } in which you look at who may do what.
notice-access-change = Somebody who looks at who may do what said that a colleague's access is to be changed ({ $at }). You manage the staff: please change it, or keep it as it is.
notice-access-ends = A round in which you look at who may do what ends soon, and something in it still waits ({ $at }).
notice-access-unconfirmed = A round of access ended at { $at }, and nobody confirmed some of what is in it.
