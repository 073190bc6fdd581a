### Páginas de pacientes que han entrado. Palabras sencillas: un niño de once años debería entenderlas.

## Entrar
my-offer = ¿Ya es paciente? Vea sus solicitudes:
my-sign-in-title = Entrar
my-sign-in-lead = Vea sus solicitudes a { $clinic } y escríbanos como usted mismo.
my-sign-in-help = Use el correo electrónico que tenemos de usted.
my-sign-in-send = Envíenme un código
my-sign-in-passkey = Usar una llave de acceso
my-sign-in-no-account = No hace falta crear una cuenta. Si aún no tenemos su correo, escríbanos aquí:
my-clinics-title = ¿Dónde es paciente?
my-code-title = Mire su correo
my-code-lead = Si tenemos esta dirección, un código va en camino. Sirve durante { $minutes } minutos.
my-code = El código
my-code-none = ¿No llega el correo en unos minutos? Mire en el correo no deseado o llámenos.
my-code-again = Pedir otro código
my-code-wrong = Este código no coincide. Mire otra vez el correo. Tiene tres intentos.
my-code-late = Ese código ya se usó o es demasiado viejo. Pida otro, por favor.
my-too-many = Fueron muchos en poco tiempo. Espere una hora, por favor, o llámenos.
my-said-again = Entre otra vez, por favor. Cerramos su sesión tras un rato sin uso, para cuidar sus páginas.
my-said-out = Su sesión está cerrada.

## Correo
my-mail-code-subject = Su código para { $clinic }
my-mail-code = Alguien pidió un código para entrar en { $clinic } con esta dirección. Este es el código:
my-mail-code-after = Escríbalo en la página donde lo pidió. Nunca se lo pediremos, ni por teléfono ni por correo. Si no fue usted, puede borrar este correo.
my-mail-device-subject = Nueva entrada en { $clinic }
my-mail-device = Alguien entró en sus páginas de { $clinic } desde un dispositivo que no hemos visto últimamente.
my-mail-passkey-added-subject = Se añadió una llave de acceso en { $clinic }
my-mail-passkey-added = Se añadió una llave de acceso a sus páginas de { $clinic }. Quien tenga ese dispositivo puede entrar con ella.
my-mail-passkey-removed-subject = Se quitó una llave de acceso en { $clinic }
my-mail-passkey-removed = Se quitó una llave de acceso de sus páginas de { $clinic }.
my-mail-passkey-stopped-subject = Se detuvo una llave de acceso en { $clinic }
my-mail-passkey-stopped = Alguien usó en { $clinic } una llave de acceso suya que puede ser una copia. La detuvimos: ya no abre nada.
my-mail-message-subject = Tiene un mensaje de { $clinic }
my-mail-message = Hay algo nuevo para usted en sus páginas de { $clinic }. Entre como siempre para leerlo, por favor.
my-mail-message-after = Para que quede en privado, este correo no dice nada más. ¿Tiene preguntas? Llámenos al { $phone }.
my-mail-not-you = Si no fue usted, llámenos al { $phone }. También puede entrar y elegir cerrar la sesión en todas partes.

## Cada página
my-nav = Sus páginas
my-sign-out = Salir
my-back = Volver a sus solicitudes
my-acting = Está escribiendo por { $name }.
my-acting-end = Dejar de hacerlo
my-said-acting-over = Ya no puede escribir aquí por esa persona. Ahora escribe por usted, y no se envió nada.
my-said-ended = Se cerró la sesión de ese dispositivo.
my-said-taken-back = La ha retirado. No haremos nada más con ella.
my-said-asked = Tenemos su petición. La fecha de abajo dice cuándo responderemos.
my-said-passkey-added = Su llave de acceso está lista.
my-said-passkey-removed = La llave de acceso se quitó.
my-shut-nobody-title = Aún no le conocemos como paciente
my-shut-nobody-text = Esta página es para pacientes. Nuestro equipo tiene que unir antes su correo con su expediente. Escríbanos o llámenos, por favor.
my-shut-scope-title = Esto no está abierto para usted
my-shut-scope-text = Lo que puede hacer por esta persona no llega hasta aquí. Llámenos si es un error.
my-shut-level-title = Su correo aún es nuevo para nosotros
my-shut-level-text = Para cuidar los expedientes, esto se abre cuando tengamos su correo desde hace más de 30 días. Hasta entonces, llámenos, por favor.
my-shut-from = Se abre por sí solo el { $date }.
my-unsent-title = Su sesión se cerró antes de que esto nos llegara
my-unsent-text = Cerramos su sesión tras un rato sin uso, para cuidar sus páginas. No se envió nada. Sus palabras siguen aquí: cópielas, entre otra vez y envíelas. O llámenos.
my-unsent-acting-title = No se envió su mensaje

## Solicitudes
my-requests = Mis solicitudes
my-requests-none = Aún no hay nada aquí. Escríbanos cuando quiera.
my-new = Escríbanos
my-last = Último mensaje { $at }
my-others = Escribo por …
my-others-me = Mí
my-others-until = hasta el { $date }
my-request-level = Se abre cuando tengamos su correo desde hace más de 30 días.
my-request-scope = Lo que puede hacer por esta persona no llega hasta esto.
my-nobody-yet = Nuestro equipo aún no ha unido su correo con un paciente, así que solo ve lo que escribió desde él.

## Quién ha visto mis datos
my-seen = Quién ha visto mis datos
my-seen-lead = Todas las personas que miraron aquí su expediente o sus solicitudes, lo más reciente primero.
my-seen-nobody = Nadie lo ha mirado aún.
my-earlier = Días anteriores

## Lo que pido de mis datos
my-privacy = Mis datos, mis derechos
my-privacy-lead = La ley le da derechos sobre sus datos. Pídalo aquí. Respondemos en la fecha que fija la ley.
my-ask = Pedir algo
my-ask-what = ¿Qué desea?
my-ask-choose = Elija lo que desea, por favor.
my-ask-already = Ya lo pidió el { $date } y estamos en ello. No tiene que hacer nada más.
my-ask-another = Se trata de otra cosa. Envíenlo también.
my-ask-many = Hoy envió muchas peticiones y las tenemos todas. Espere hasta mañana, por favor, o llámenos.
my-ask-words = Cuéntenos más
my-ask-send = Enviar
my-ask-access = Ver lo que guardan sobre mí
my-ask-copy = Una copia de mi expediente para llevarme
my-ask-amendment = Corregir algo en mi expediente
my-ask-restriction = No usar o no compartir una parte
my-ask-erasure = Borrar mi expediente
my-ask-accounting = Una lista de a quién se dieron mis datos
my-ask-objection = Dejar de usar mis datos para algo
my-ask-complaint = Quejarme de cómo se trataron mis datos
my-ask-communications = Que me contacten de una sola manera: en una dirección, por teléfono o por correo postal. Escriba abajo cuál; no hace falta decir por qué
my-asked-open = Lo estamos mirando
my-asked-decided = Sí. Estamos en ello
my-asked-closed = Hecho
my-asked-refused = Tuvimos que decir que no
my-asked-partly = Sí a una parte
my-asked-longer = Tardaremos más:
my-refused-review = Puede pedir que otro profesional de la salud, que no decidió esto, lo mire otra vez. Díganoslo; no le cuesta nada.
my-refused-disagree = Puede escribirnos que no está de acuerdo. Guardamos sus palabras con su expediente. Si no escribe nada, puede pedirnos que entreguemos su petición y nuestra respuesta junto con esa parte.
my-refused-complain = Puede quejarse ante nosotros: pídalo abajo, escríbanos o llame. Nadie le tratará peor por ello.
my-refused-complain-hipaa = También puede quejarse ante el Departamento de Salud y Servicios Humanos de EE. UU., Oficina de Derechos Civiles: www.hhs.gov/ocr/complaints, 1-800-368-1019.
my-refused-complain-gdpr = También puede quejarse ante la autoridad de protección de datos de donde vive o trabaja, o acudir a los tribunales.
my-reason-not-identified = No pudimos asegurarnos de que es usted quien lo pide.
my-reason-psychotherapy-notes = Son las notas propias de un terapeuta, que la ley mantiene aparte.
my-reason-legal-proceeding = Se escribió para un asunto legal.
my-reason-confidential-source = Mostraría quién nos contó algo en confianza.
my-reason-endangers-life = Un profesional de la salud juzgó que podría poner en peligro a usted o a otra persona.
my-reason-harms-other = Haría daño a otra persona que aparece en ello.
my-reason-harms-by-representative = Un profesional de la salud juzgó que podría hacer daño si lo tuviera quien actúa por usted.
my-reason-not-created-here = No lo escribimos nosotros. Pregunte a quien lo escribió, por favor.
my-reason-not-in-record = No forma parte de su expediente.
my-reason-is-accurate = Lo que tenemos es correcto y completo.
my-reason-not-required = La ley nos lo deja a nosotros y no podemos hacerlo.
my-reason-must-be-kept = La ley dice que debemos guardarlo.
my-reason-suspended = Una autoridad nos pidió no contarlo por un tiempo.
my-reason-unfounded = Lo miramos y no encontramos motivo.
my-reason-no-address = No se nos dijo de qué otra manera contactarle.
my-reason-not-reasonable = No podemos contactarle de esta manera.
my-reason-to-another = La ley nos permite decir que no a esto, y así lo hicimos.
my-reason-public-health = Se necesita para la atención o la salud pública.
my-reason-legal-claims = Se necesita para un asunto legal.
my-reason-compelling-grounds = Hay razones fuertes para seguir usándolo.
my-asked-earlier = Lo que pidió antes
my-take-back = Retirar esta petición
my-take-back-help = Dejamos de trabajar en ella. Puede volver a pedirlo cuando quiera.
my-take-back-yes = Sí, retirarla
my-asked-withdrawn = Usted lo retiró
my-asked-on = Pedido el { $date }.
my-asked-due = Respondemos antes del { $date }.
my-copy = Descargar la copia
my-copy-until = hasta el { $date }

## A qué dijo que sí y que no
my-consents = Lo que acepté
my-consents-lead = De qué podemos escribirle y qué podemos hacer con sus datos. Para cambiarlo basta pulsar una vez. Su atención no depende de ello.
my-consents-for = Se trata de { $name }.
my-consents-new-address = Su correo es todavía nuevo para nosotros, así que esta página no muestra lo que dijo antes. Aun así puede decir que no.
my-consent-given = Sí, usted lo dijo
my-consent-refused = No, usted lo dijo
my-consent-restricted = No mientras cumplamos lo que acordamos con usted
my-consent-withdrawn = Ya no, usted lo dijo
my-consent-not-needed = Podemos, salvo que diga que no
my-consent-never-given = No sin su sí
my-consent-signed = Un sí a esto se firma. Pregúntenos, por favor. Aquí puede decir que no cuando quiera.
my-consent-no = No: { $purpose }
my-consent-no-party = No: { $purpose } ({ $party })
my-consent-yes = Sí. { $way }: { $address }
my-consent-nothing-title = No a todo
my-consent-nothing = Retiro todos los sí que di. { $clinic } no me envía nada, salvo respuestas a lo que pregunto.
my-consent-nothing-do = No a todo
my-consent-wrong = No funcionó y no se cambió nada. Mire otra vez, por favor, y vuelva a pulsar.
my-consent-changed = Las palabras de esta página han cambiado. No se guardó nada. Léalas, por favor, y vuelva a pulsar.
my-consent-other = Ahora escribe por otra persona que antes. No se cambió nada. Mire de quién se trata, por favor.
my-said-consent-no = Desde ahora respetamos su no.
my-said-consent-nothing = Listo. No le enviamos nada, salvo respuestas a lo que pregunte.
my-said-consent-yes = Gracias. Guardamos su sí. Puede retirarlo aquí cuando quiera.

## El aviso
my-notice-unread = Nuestro aviso dice cómo usamos y protegemos sus datos. Aún no nos ha dicho que lo leyó.
my-notice-read-it = Leer el aviso
my-notice-since = Tiene nuestro aviso desde el { $date }.
my-notice-read = Lo he leído
my-notice-help = Esto solo dice que lo leyó. Con ello no acepta nada.
my-notice-none = La clínica aún no ha publicado un aviso. Llámenos si quiere saber cómo usamos sus datos.
my-said-notice-read = Gracias. Anotamos que lo ha leído.
my-said-notice-again = No se anotó nada, porque esta página era una anterior. Mire otra vez, por favor.

## Dispositivos y llaves de acceso
my-devices = Dispositivos y llaves
my-devices-lead = Dónde tiene la sesión abierta ahora. Si no conoce alguno, ciérrelo.
my-here = este
my-by-code = Entró con un código, { $at }.
my-by-passkey = Entró con una llave de acceso, { $at }.
my-used = Último uso { $at }.
my-sign-out-everywhere = Cerrar la sesión en todas partes
my-sign-out-everywhere-help = Para cuando perdió un dispositivo u otra persona entró. También se quitan sus llaves de acceso; después entrará con un código.
my-passkey-fresh = Primero cierre la sesión y vuelva a entrar: durante diez minutos podrá añadir una llave de acceso. Así nadie la añade en un navegador que dejó abierto.
my-passkeys = Llaves de acceso
my-passkeys-lead = Con una llave de acceso entra con su huella, su cara o el PIN de su dispositivo. Sin código.
my-passkey-since = Añadida el { $date }.
my-passkey-add = Añadir una llave de acceso
my-passkey-make = Crear la llave de acceso
my-passkey-remove = Quitar
