### Words used on every page. Keys of a part's own pages live in that part's file.

-brand = Bedside
app-name = { -brand }

## Navigation
nav-main = Main
nav-inbox = Inbox
nav-mine = Mine
nav-all = All requests
nav-queues = Queues
nav-search = Search
nav-search-placeholder = Search requests and people
nav-new-ticket = New request
nav-patients = Patients
nav-settings = Settings
nav-audit = Audit log
nav-profile = My profile
nav-sign-out = Sign out
nav-menu = Menu
nav-skip = Skip to the content
nav-language = Language
nav-theme = Appearance
theme-auto = Like my device
theme-light = Light
theme-dark = Dark

## Ticket status
status = Status
status-new = New
status-open = Open
status-waiting-patient = Waiting for the patient
status-waiting-third-party = Waiting for others
status-resolved = Resolved
status-closed = Closed

## Urgency
urgency = Urgency
urgency-low = Low
urgency-normal = Normal
urgency-urgent = Urgent
urgency-crisis = Crisis
urgency-emergency = Emergency

## Category
category = Category

## Channel
channel = Channel
channel-email = Email
channel-web = Web form
channel-portal = Portal
channel-survey = Rating
channel-api = API
channel-phone = Phone
channel-chat = Chat
channel-sms = Text message
channel-social = Social messaging
channel-video = Video

## Languages of messages
language = Language
language-en = English
language-es = Spanish
language-unknown = Unknown language

## People
patient = Patient
requester = From
assignee = Assigned to
unassigned = Nobody yet
queue = Queue
tags = Tags
me = Me
someone = Someone

## Buttons
action-save = Save
action-cancel = Cancel
action-send = Send
action-send-and = Send and set to
action-reply = Reply
action-note = Internal note
action-take = Take it
action-close = Close
action-back = Back
action-next = Next
action-previous = Previous
action-edit = Edit
action-remove = Remove
action-apply = Apply
action-search = Search
action-undo = Undo
action-more = More
action-sign-in = Sign in
action-attach = Attach files
action-snooze = Snooze

## Forms
form-optional = optional
form-errors-title = Please look at these again
form-error-required = Please fill this in.
form-error-invalid = Please check this.
form-error-too-long = This is too long.
form-error-email = Please check this email address.
form-yes = Yes
form-no = No
form-none = None

## Composer
composer-label = Your answer
composer-placeholder = Write your answer…
composer-toolbar = Formatting
composer-bold = Bold
composer-italic = Italic
composer-list = List
composer-numbered = Numbered list
composer-link = Link
composer-quote = Quote

## Timeline
timeline = Conversation
message-from-patient = From the patient
message-from-staff = From us
message-note = Internal note

## Months, as in a date
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

## Time in words; also used by the browser's scripts
js-due-in = due in { $time }
js-overdue = { $time } overdue
js-ago = { $time } ago
js-just-now = just now
js-seconds = { $count } s
js-minutes = { $count } min
js-hours = { $count } h
js-days = { $count } d

## Other words of the browser's scripts
js-remove = Remove
js-offline = No connection. What you write is kept here.
js-online = Connected again.
js-failed = That didn't work. Please try again.
js-too-large = { $name } is larger than { $limit }.
js-link-prompt = link

## Keyboard help
keys-title = Keyboard
keys-next = Next request
keys-previous = Previous request
keys-open = Open
keys-reply = Reply
keys-note = Internal note
keys-search = Search
keys-send = Send
keys-help = This list

## Lists
list-empty-title = Nothing waiting
list-empty-text = Everyone has been answered. Well done.
list-empty-following-title = You follow nothing
list-empty-following-text = Press Follow on a request, and you find it here.
list-empty-mine-title = Nothing is yours right now
list-empty-mine-text = What you take, or what is given to you, stands here.
list-empty-done-title = Nothing is done yet
list-empty-done-text = Requests that are settled or closed stand here.
list-no-results-title = Nothing found
list-no-results-text = Try fewer or other words.

## Crisis
crisis-title = This person may be in danger
crisis-public-title = If you or someone else is in danger

## Problems
problem-bad-request = We couldn't read that
problem-bad-request-detail = Something in what was sent can't be understood. Please go back and try again.
problem-unauthorized = Please sign in
problem-unauthorized-detail = You were signed out, or haven't signed in yet.
problem-forbidden = This isn't open to you
problem-forbidden-detail = Your role doesn't include this, or this page was open for too long. Load it again; if it stays, ask your administrator.
problem-not-found = We couldn't find that
problem-not-found-detail = It may have been moved, or the link isn't complete.
problem-conflict = That isn't possible right now
problem-conflict-detail = Things have changed since you opened this page. Please load it again.
problem-gone = This link has ended
problem-gone-detail = For your safety our links work for a limited time only. Please ask for a new one.
problem-stale = Someone changed this meanwhile
problem-stale-detail = Your text is kept. Look at what changed and send it once more.
problem-too-large = That is too large
problem-too-large-detail = Files can be up to 25 MB each and 50 MB together.
problem-unsupported = This format isn't accepted
problem-unsupported-detail = Please send it in another format.
problem-invalid = Please look at these again
problem-invalid-detail = Some fields need a correction.
problem-rate-limited = One moment, please
problem-rate-limited-detail = That was a lot in a short time. Please try again in a while, after an hour at the latest.
problem-too-slow = That took too long to arrive
problem-too-slow-detail = Please try again. It helps to send smaller files, or to use a better connection.
problem-unavailable = Not available for the moment
problem-unavailable-detail = Nothing was lost. Please try again in a minute.
problem-internal = Something went wrong on our side
problem-internal-detail = It has been noted. Please try again; if it stays, tell your administrator.
