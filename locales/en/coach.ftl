### The coach beside the composer. It advises and never blocks.

coach-title = Coach
coach-fine = Nothing to suggest. This reads well.
coach-apply = Use this
coach-add = Put this in
coach-more = More suggestions ({ $count })
coach-told = Coach, suggestions: { $count }
coach-told-key = Coach, suggestions: { $count }. Alt+Enter takes the first one that can be put in.
coach-limits-length = This draft is in { $language }. The coach has no words for it: only length, sentences and open gaps are judged.
coach-limits-gaps = This draft is in { $language }. The coach has no words for it: only sentences that are too long and open gaps are judged.
coach-grade = This reads like school year { $grade }. Year 8 or lower reaches everybody: shorter sentences, everyday words.
coach-long-sentence = One sentence has { $words } words. Two sentences are easier to follow.
coach-jargon = Not everybody knows “{ $term }”. You could say “{ $plain }”.
coach-unfinished = There is a gap to fill in before this goes out.
coach-name = Greet { $name } by name. It shows the letter is meant for them.
coach-next-step = Say what happens next, so that nobody is left waiting without knowing.
coach-time = Say when. “Soon” means something else to everybody.
coach-summarise = Say the concern back in a few words. It shows you have read it.
coach-acknowledge = Acknowledge first what they wrote, then answer.
coach-acknowledge-grief = They wrote about a loss. Say you are sorry before anything else. A counselor may do them good.
coach-acknowledge-anger = They are angry. Say that you see why before you explain. A senior colleague can take this with you.
coach-acknowledge-despair = They sound worn out. Let them know they are not alone with this, and offer a counselor.
coach-acknowledge-fear = They are afraid. Say that you understand before you give facts.

## Phrases
coach-phrase-policy = “{ $words }” closes the door. Say what you can do.
coach-phrase-blame = “{ $words }” sounds like blame. Say what helps from here.
coach-phrase-minimise = “{ $words }” makes the worry sound small. Say that you see it.
coach-phrase-order = “{ $words }” gives an order. Ask, or offer help.
coach-phrase-repeat = “{ $words }” says they did not listen. Put it another way.
coach-phrase-refuse = “{ $words }” ends with a no. Say what is possible.
coach-phrase-passing = “{ $words }” sends them away. Stay with it, or hand over by name.
coach-phrase-doubt = “{ $words }” sounds like you don't believe them. Thank them and look into it.
coach-phrase-cold = “{ $words }” is office language. Say it as you would across the desk.
coach-phrase-rush = “{ $words }” sounds impatient. Take the time, or say when you have it.

## The counseling boundary
coach-boundary-promise = “{ $words }” promises what nobody can know. Promise the next step instead.
coach-boundary-interpret = “{ $words }” explains their feelings to them. That is for a counselor.
coach-boundary-secret = “{ $words }” is a promise you can't keep. Say who will see it.
coach-boundary-therapy = “{ $words }” starts a counseling talk. Offer a counselor who has the time for it.
coach-boundary-always-there = “{ $words }” makes it personal. Give them the team they can always reach.

## Medical advice by staff who are not clinical
coach-medical-dose = “{ $words }” is about a dose. A nurse has to answer that.
coach-medical-start-stop = “{ $words }” is medical advice. A nurse has to give it.
coach-medical-diagnosis = “{ $words }” sounds like a diagnosis. A nurse has to answer that.
coach-medical-not-seen = “{ $words }” decides who needs care. A nurse has to decide that.
coach-medical-results = “{ $words }” explains results. A nurse has to do that.

## The line on a request's page, short of a crisis

distress-grief = They wrote about a loss. A counselor can be there for them.
distress-anger = They are very upset. A senior colleague can take this with you.
distress-despair = They sound worn out and alone with it. A counselor can be there for them.
distress-fear = They are afraid. A counselor can take the time for it.
distress-who = Somebody who can take it
distress-hand-over = Hand over
distress-with = It is with { $who }.
distress-yours = It is with you.
distress-nobody = Nobody else on the desk can take it here. Talk it over with a senior colleague.
distress-help = Heard in their words. They don't see this, and nothing is decided by it.
