// Before anything else: the prototypes that every object has take no new keys, so that no foreign key can give all
// objects of the page a property (prototype pollution). What is there can still be overridden by an object of its own.

for (const shared of [Object, Array, Function, String, Number, Boolean]) Object.preventExtensions(shared.prototype);
