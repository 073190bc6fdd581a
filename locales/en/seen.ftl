## Privacy: who has seen whose data
looks = Who saw what
looks-intro = Who has seen whose data, and what was given to others.
seen = Who has seen it
seen-intro = Everybody who has seen one patient's data, from the audit log. Looking here is written down too.
seen-about = One line for each person and day. What belongs to this patient today counts: their details, their requests and files, and who writes for them. Lists of waiting requests show a name and a subject to everybody who works with them and are not told here.
seen-nobody = Nobody has looked at anything yet
seen-letter = For the patient
seen-entries =
    { $count ->
        [one] { $count } entry
       *[other] { $count } entries
    }
seen-who-gone = Somebody who has left
seen-who-team = Our team
seen-who-partner = Another system
seen-who-themselves = The patient, or somebody who writes for them
seen-who-you = You, or somebody who writes for you
seen-deed-opened = Opened the restricted record for a reason
seen-deed-details = Looked at the details on file
seen-deed-requests = Looked at requests
seen-deed-files = Opened files
seen-deed-found = Found them in a search
seen-deed-wrote = Wrote
seen-deed-changed = Changed something
seen-deed-checked = Checked who is asking
seen-deed-reviewed = Looked at who had seen or got what
seen-deed-exported = Exported data
seen-deed-refused = Was refused
seen-told-opened = Opened your protected record and said why
seen-told-details = Saw your name, addresses and other details
seen-told-requests = Read your messages to us
seen-told-files = Opened files you sent or got
seen-told-found = Saw your name in a search
seen-told-wrote = Wrote to you, or a note about your request
seen-told-changed = Sorted or updated your details or your request
seen-told-checked = Checked that it was you who asked
seen-told-reviewed = Checked who had seen or got your data
seen-told-exported = Copied data out of our system
seen-told-refused = Tried to look and was refused
seen-why-treatment = To care for you and answer you
seen-why-payment = For your bill or your insurance
seen-why-operations = To run the practice and keep it safe
seen-why-access = Your own access
seen-letter-title = Who has seen your data
seen-letter-given = { $clinic }, { $day }
seen-letter-intro = Each time somebody looks at your data here, it is written down. This list has one line for each person and day, the latest first.
seen-letter-day = Day
seen-letter-who = Who
seen-letter-what = What
seen-letter-why = Why
seen-letter-nobody = Nobody has looked at your data.
seen-letter-end = Our team also sees your name and the subject of a request in the list of requests that wait for an answer. If something here worries you, tell us: we look into it.
audit-action-patient-found = Found a patient in a search
audit-action-privacy-search = Looked for a patient to see who has seen their data
audit-action-privacy-seen = Looked at who has seen a patient's data
audit-action-ticket-found = Found a request in a search
admin-privacy = Privacy
admin-privacy-intro = What patients read of who has seen their data, and which looks are worth a question.
privacy-names = How colleagues are named to a patient
privacy-names-help = In the list of who has seen their data that a patient gets.
privacy-names-role = By what they are: "Nurse"
privacy-names-first = By first name and what they are: "Nia, Nurse"
privacy-names-full = By full name and what they are

## Disclosures
disclosures = Given to others
disclosures-intro = What was given to somebody outside, as far back as six years. What serves care, bills and the running of the clinic, and what the patient got themselves, need not stand here.
disclosures-recorded = Recorded
disclosures-none = Nothing
disclosures-known = What the desk knows by itself
disclosures-known-help = Other systems that read with a key, exports, copies of the record, and answers to somebody who does not stand for the patient. If one of these served something else than care, bills or running the clinic, record it as well.
disclosures-since = It goes back to { $day }.
disclosures-letter-title = Who got your data from us
disclosures-letter-intro = This list says to whom outside of our clinic we gave data about you. What we used to care for you, for your bill or to run the clinic, and what you got yourself, need not be on it.
disclosures-letter-none = We gave nothing that has to stand here.
disclosures-letter-known = Also, in the course of our work
disclosures-letter-end = You can have this list once a year for free. If something on it worries you, tell us: we look into it.
disclosure-new = Record a disclosure
disclosure-help = Record what you gave to somebody outside for another reason than care, bills or running the clinic.
disclosure-day = Day
disclosure-recipient = To whom
disclosure-address = Address
disclosure-what = What was given
disclosure-basis = What allows it
disclosure-choose = Choose one
disclosure-purpose = What it was for
disclosure-request = Request
disclosure-source = From
disclosure-source-recorded = recorded by staff
disclosure-source-known = known to the desk; in the course of care, bills or running the clinic
disclosure-held-until = Not told to the patient before
disclosure-held-help = Only where an authority has asked for it in writing.
disclosure-held = not told to the patient before { $until }
disclosure-save = Record it
disclosure-by = recorded by { $who } ({ $at })
disclosure-struck-by = { $who } ({ $at }):
disclosure-is-struck = Struck
disclosure-strike = Recorded by mistake
disclosure-why = Why it was a mistake
disclosure-error-required = Something is missing here.
disclosure-error-future = This day is yet to come.
disclosure-error-old = A list goes back six years at most.
disclosure-error-request = This patient has no such request.
disclosure-error-despite = A restriction stands on this record. Say why it is given all the same, or don't give it.
disclosure-despite = given despite a restriction:
disclosure-despite-why = Why it is given despite the restriction
disclosure-despite-help = It stands beside the disclosure, and the patient may ask for it. Give no more than is needed. In an emergency, ask whoever gets it not to pass it on.
disclosure-despite-emergency = Somebody needs it to treat an emergency
disclosure-despite-law = A law asks for it or allows it whatever was agreed
disclosure-despite-patient = The patient asked for this one, or agreed to it
disclosure-despite-outside = The restriction is not about this
disclosure-error-why = Say why it was a mistake.
disclosure-known-somebody = Somebody who wrote about the patient
disclosure-known-partner = read data with a key for other systems
disclosure-known-export = exported corrected requests
disclosure-known-copy = downloaded a copy of the record
disclosure-known-answer = got an answer about them
disclosure-basis-law = A law asks for it
disclosure-basis-public-health = Public health
disclosure-basis-abuse = Abuse, neglect or violence
disclosure-basis-oversight = An authority that watches over clinics
disclosure-basis-court = A court or a lawyer's demand
disclosure-basis-police = The police
disclosure-basis-deceased = Coroner or undertaker
disclosure-basis-donation = Donation of organs
disclosure-basis-research = Research
disclosure-basis-threat = To avert a serious threat
disclosure-basis-government = Military, national security or prison
disclosure-basis-workers-compensation = Workers' compensation
disclosure-basis-mistake = It should not have happened
disclosure-basis-other = Something else
flash-disclosure-recorded = Recorded.
flash-disclosure-struck = Struck.
audit-action-disclosure-export = Gave out the list of disclosures
audit-action-disclosure-form = Began to record a disclosure
audit-action-disclosure-read = Looked at a patient's disclosures
audit-action-disclosure-record = Recorded a disclosure
audit-action-disclosure-strike = Struck a disclosure
audit-detail-disclosure = disclosure
audit-detail-despite = despite a restriction
audit-detail-basis = what allows it

## Exceptions
exceptions = Exceptions
exceptions-intro = What a colleague opened or changed past the usual steps because it could not wait, with the reason they gave. Somebody else looks at each of them.
exceptions-second = Waiting for a second yes
exceptions-waiting = Waiting for you
exceptions-none = Nothing waits
exceptions-none-text = When somebody opens a restricted record, or something in an emergency, it appears here at once.
exceptions-until = open until { $at }
exceptions-restricted = Restricted record. Somebody who may see it looks at this one.
exceptions-log = What they looked at
exceptions-peeks = Looked before the caller was verified
exceptions-peeks-help = Details that are hidden in live requests, shown for 15 minutes: how often in the last 30 days, and when last.
exceptions-peeks-times = { $times ->
    [one] once
   *[other] { $times } times
}
exceptions-own = This is yours: somebody else signs it off.
exceptions-note = Note
exceptions-was-right = That was right
exceptions-was-wrong = This needs following up
exceptions-error-note = Say in the note what happens next.
exceptions-signed = Signed off
exceptions-justified = Right, says { $who } ({ $at })
exceptions-unjustified = To be followed up, says { $who } ({ $at })
flash-exception-signed = Signed off. Thank you.
scope-privacy-review = Watch over privacy: who has seen whose data, whatever a patient's labels are
scope-exceptions-review = Sign off exceptions that others took
audit-action-exception-list = Looked at the exceptions

## Unusual looks
watch = Unusual looks
watch-intro = Looks at patients' data that are worth a question, found every day in the audit log.
watch-about = Each line is a question and no verdict: many of these looks are right. Somebody other than whoever looked signs each of them off. Which rules count is Settings, Privacy.
watch-look = Look now
watch-none-text = The audit log is looked through every day. What is worth a question appears here.
watch-rule-own = Own record
watch-rule-same-name = Same family name
watch-rule-label = Restricted record
watch-rule-no-request = Details of a patient without a request
watch-rule-many = Far more patients than usual
watch-rule-after-hours = Outside of the clinic's hours
watch-rule-other = Something else
watch-quiet-days = Days without a request
watch-least = Patients a day that are never too many
watch-least-help = A day with no more than these is never told.
watch-spread = How far above the usual
watch-spread-help = A day is told above the median of the last 28 days plus this many deviations (1.4826 × MAD), of the person and of their role. 3 tells more, 6 tells less.
watch-figure-looks = { $count ->
    [one] { $count } look
   *[other] { $count } looks
 }
watch-figure-patients = { $count ->
    [one] { $count } patient
   *[other] { $count } patients
 }
watch-figure-own = usually up to { $count }
watch-figure-role = colleagues up to { $count }
flash-watch-looked = The log was looked through.
audit-action-watch-keep = Kept what is unusual
audit-action-watch-list = Looked at unusual looks
audit-action-watch-look = Looked through the log for what is unusual
audit-action-watch-sign = Signed an unusual look off
audit-kind-finding = Unusual look
audit-detail-day = day
