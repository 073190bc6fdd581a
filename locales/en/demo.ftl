### The demo's own pages.

demo-banner = Demo: everybody and everything in here is invented. Nothing leaves this machine.
demo-public = This is a demo: the clinic and everybody in it are invented. Please write nothing that is true about you.
demo-to-desk = To the desk
demo-mail-title = The patient's mailbox
demo-mail-intro = Write to the clinic as a patient would. The desk takes your mail, and what it sends arrives here: the acknowledgement, the answer, the question how it went.
demo-mail-write = Write to the clinic
demo-mail-name = Your name
demo-mail-address = Your mail address (any will do, nothing is really sent)
demo-mail-to = To: { $address }
demo-mail-subject = Subject
demo-mail-text = Message
demo-mail-send = Send
demo-mail-box = Mail of { $address }
demo-mail-empty = Nothing yet. Write something: the clinic answers at once that it has arrived.
demo-mail-own = You wrote
demo-mail-theirs = The clinic wrote
demo-mail-back = Back to the mailbox
demo-mail-answer = Answer
demo-mail-file = Open in a mail program
