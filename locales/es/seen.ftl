## Privacidad: quién ha visto los datos de quién
looks = Quién vio qué
looks-intro = Quién ha visto los datos de quién, y qué se dio a otros.
seen = Quién los ha visto
seen-intro = Todas las personas que han visto los datos de un paciente, según el registro de auditoría. Mirar aquí también queda anotado.
seen-about = Una línea por persona y día. Cuenta lo que hoy es de este paciente: sus datos, sus solicitudes y archivos, y quien escribe por él. Las listas de solicitudes en espera muestran un nombre y un asunto a quienes trabajan con ellas y no se cuentan aquí.
seen-nobody = Nadie ha mirado nada todavía
seen-letter = Para el paciente
seen-entries =
    { $count ->
        [one] { $count } entrada
       *[other] { $count } entradas
    }
seen-who-gone = Alguien que ya no está
seen-who-team = Nuestro equipo
seen-who-partner = Otro sistema
seen-who-themselves = El paciente, o alguien que escribe por él
seen-who-you = Usted, o alguien que escribe por usted
seen-deed-opened = Abrió el expediente restringido por un motivo
seen-deed-details = Miró los datos guardados
seen-deed-requests = Miró solicitudes
seen-deed-files = Abrió archivos
seen-deed-found = Lo encontró en una búsqueda
seen-deed-wrote = Escribió
seen-deed-changed = Cambió algo
seen-deed-checked = Comprobó quién pregunta
seen-deed-reviewed = Miró quién había visto o recibido qué
seen-deed-exported = Exportó datos
seen-deed-refused = Se le negó
seen-told-opened = Abrió su expediente protegido y dijo por qué
seen-told-details = Vio su nombre, direcciones y otros datos
seen-told-requests = Leyó los mensajes que usted nos escribió
seen-told-files = Abrió archivos que usted envió o recibió
seen-told-found = Vio su nombre en una búsqueda
seen-told-wrote = Le escribió, o anotó algo sobre su solicitud
seen-told-changed = Ordenó o actualizó sus datos o su solicitud
seen-told-checked = Comprobó que era usted quien preguntaba
seen-told-reviewed = Comprobó quién había visto o recibido sus datos
seen-told-exported = Copió datos fuera de nuestro sistema
seen-told-refused = Intentó mirar y se le negó
seen-why-treatment = Para atenderle y responderle
seen-why-payment = Por su factura o su seguro
seen-why-operations = Para que el consultorio funcione y sea seguro
seen-why-access = Su propio acceso
seen-letter-title = Quién ha visto sus datos
seen-letter-given = { $clinic }, { $day }
seen-letter-intro = Cada vez que alguien mira sus datos aquí, queda anotado. Esta lista tiene una línea por persona y día, lo más reciente primero.
seen-letter-day = Día
seen-letter-who = Quién
seen-letter-what = Qué
seen-letter-why = Por qué
seen-letter-nobody = Nadie ha mirado sus datos.
seen-letter-end = Nuestro equipo también ve su nombre y el asunto de una solicitud en la lista de las que esperan respuesta. Si algo de esto le preocupa, díganoslo: lo investigamos.
audit-action-patient-found = Encontró a un paciente en una búsqueda
audit-action-privacy-search = Buscó a un paciente para ver quién ha visto sus datos
audit-action-privacy-seen = Miró quién ha visto los datos de un paciente
audit-action-ticket-found = Encontró una solicitud en una búsqueda
admin-privacy = Privacidad
admin-privacy-intro = Lo que un paciente lee sobre quién ha visto sus datos, y qué miradas merecen una pregunta.
privacy-names = Cómo se nombra a los colegas ante un paciente
privacy-names-help = En la lista de quién ha visto sus datos que recibe un paciente.
privacy-names-role = Por lo que son: «Enfermería»
privacy-names-first = Por su nombre de pila y lo que son
privacy-names-full = Por su nombre completo y lo que son

## Entregas
disclosures = Entregado a otros
disclosures-intro = Lo que se dio a alguien de fuera, hasta seis años atrás. Lo que sirve a la atención, a las facturas y al funcionamiento del consultorio, y lo que recibió el propio paciente, no tiene que figurar aquí.
disclosures-recorded = Anotado
disclosures-none = Nada
disclosures-known = Lo que el sistema sabe por sí mismo
disclosures-known-help = Otros sistemas que leyeron con una clave, exportaciones, copias del expediente y respuestas a quien no representa al paciente. Si algo de esto sirvió a otra cosa que la atención, las facturas o el funcionamiento del consultorio, anótelo también.
disclosures-since = Llega hasta el { $day }.
disclosures-letter-title = Quién recibió sus datos de nosotros
disclosures-letter-intro = Esta lista dice a quién, fuera de nuestro consultorio, dimos datos sobre usted. Lo que usamos para atenderle, para su factura o para que el consultorio funcione, y lo que recibió usted mismo, no tiene que figurar.
disclosures-letter-none = No dimos nada que tenga que figurar aquí.
disclosures-letter-known = Además, en el curso de nuestro trabajo
disclosures-letter-end = Puede recibir esta lista una vez al año sin costo. Si algo de ella le preocupa, díganoslo: lo investigamos.
disclosure-new = Anotar una entrega
disclosure-help = Anote lo que dio a alguien de fuera por otro motivo que la atención, las facturas o el funcionamiento del consultorio.
disclosure-day = Día
disclosure-recipient = A quién
disclosure-address = Dirección
disclosure-what = Qué se entregó
disclosure-basis = Qué lo permite
disclosure-choose = Elija uno
disclosure-purpose = Para qué
disclosure-request = Solicitud
disclosure-source = Origen
disclosure-source-recorded = anotado por el personal
disclosure-source-known = conocido por el sistema; en el curso de la atención, las facturas o el funcionamiento
disclosure-held-until = No se dice al paciente antes del
disclosure-held-help = Solo si una autoridad lo ha pedido por escrito.
disclosure-held = no se dice al paciente antes del { $until }
disclosure-save = Anotar
disclosure-by = anotado por { $who } ({ $at })
disclosure-struck-by = { $who } ({ $at }):
disclosure-is-struck = Tachado
disclosure-strike = Se anotó por error
disclosure-why = Por qué fue un error
disclosure-error-required = Aquí falta algo.
disclosure-error-future = Ese día aún no ha llegado.
disclosure-error-old = La lista llega como mucho a seis años.
disclosure-error-request = Este paciente no tiene esa solicitud.
disclosure-error-despite = Hay una restricción en este expediente. Diga por qué se entrega de todos modos, o no lo entregue.
disclosure-despite = entregado pese a una restricción:
disclosure-despite-why = Por qué se entrega pese a la restricción
disclosure-despite-help = Queda junto a la entrega, y el paciente puede pedirlo. No dé más de lo necesario. En una urgencia, pida a quien lo recibe que no lo pase a nadie.
disclosure-despite-emergency = Alguien lo necesita para atender una urgencia
disclosure-despite-law = Una ley lo exige o lo permite, se haya acordado lo que se haya acordado
disclosure-despite-patient = El paciente pidió esta entrega o la aceptó
disclosure-despite-outside = La restricción no trata de esto
disclosure-error-why = Diga por qué fue un error.
disclosure-known-somebody = Alguien que escribió sobre el paciente
disclosure-known-partner = leyó datos con una clave para otros sistemas
disclosure-known-export = exportó solicitudes corregidas
disclosure-known-copy = descargó una copia del expediente
disclosure-known-answer = recibió una respuesta sobre el paciente
disclosure-basis-law = Una ley lo exige
disclosure-basis-public-health = Salud pública
disclosure-basis-abuse = Maltrato, abandono o violencia
disclosure-basis-oversight = Una autoridad que vigila los consultorios
disclosure-basis-court = Un tribunal o la petición de un abogado
disclosure-basis-police = La policía
disclosure-basis-deceased = Forense o funeraria
disclosure-basis-donation = Donación de órganos
disclosure-basis-research = Investigación
disclosure-basis-threat = Para evitar una amenaza grave
disclosure-basis-government = Ejército, seguridad nacional o prisión
disclosure-basis-workers-compensation = Accidentes de trabajo
disclosure-basis-mistake = No debió ocurrir
disclosure-basis-other = Otra cosa
flash-disclosure-recorded = Anotado.
flash-disclosure-struck = Tachado.
audit-action-disclosure-export = Entregó la lista de entregas
audit-action-disclosure-form = Empezó a anotar una entrega
audit-action-disclosure-read = Miró las entregas de un paciente
audit-action-disclosure-record = Anotó una entrega
audit-action-disclosure-strike = Tachó una entrega
audit-detail-disclosure = entrega
audit-detail-despite = pese a una restricción
audit-detail-basis = qué lo permite

## Excepciones
exceptions = Excepciones
exceptions-intro = Lo que un colega abrió o cambió fuera de los pasos habituales porque no podía esperar, con el motivo que dio. Otra persona mira cada caso.
exceptions-second = Esperan un segundo sí
exceptions-waiting = Esperan su revisión
exceptions-none = Nada espera
exceptions-none-text = Cuando alguien abra un expediente restringido, o algo en una emergencia, aparecerá aquí enseguida.
exceptions-until = abierto hasta { $at }
exceptions-restricted = Expediente restringido. Lo mira alguien que puede verlo.
exceptions-log = Qué miró
exceptions-peeks = Miró antes de verificar a quien llama
exceptions-peeks-help = Datos ocultos en solicitudes en vivo, mostrados durante 15 minutos: cuántas veces en los últimos 30 días, y cuándo la última.
exceptions-peeks-times = { $times ->
    [one] una vez
   *[other] { $times } veces
}
exceptions-own = Es suyo: lo revisa otra persona.
exceptions-note = Nota
exceptions-was-right = Estuvo bien
exceptions-was-wrong = Hay que darle seguimiento
exceptions-error-note = Escriba en la nota qué se hará.
exceptions-signed = Revisadas
exceptions-justified = Estuvo bien, dice { $who } ({ $at })
exceptions-unjustified = Requiere seguimiento, dice { $who } ({ $at })
flash-exception-signed = Revisada. Gracias.
scope-privacy-review = Velar por la privacidad: quién ha visto los datos de quién, sean cuales sean las etiquetas
scope-exceptions-review = Revisar las excepciones que otros tomaron
audit-action-exception-list = Miró las excepciones

## Miradas inusuales
watch = Miradas inusuales
watch-intro = Miradas a datos de pacientes que merecen una pregunta, halladas cada día en el registro de auditoría.
watch-about = Cada línea es una pregunta y no un veredicto: muchas de estas miradas están bien. La revisa alguien distinto de quien miró. Qué reglas cuentan está en Ajustes, Privacidad.
watch-look = Mirar ahora
watch-none-text = El registro de auditoría se revisa cada día. Lo que merezca una pregunta aparecerá aquí.
watch-rule-own = Expediente propio
watch-rule-same-name = El mismo apellido
watch-rule-label = Expediente restringido
watch-rule-no-request = Datos de un paciente sin solicitud
watch-rule-many = Muchos más pacientes de lo habitual
watch-rule-after-hours = Fuera del horario del consultorio
watch-rule-other = Otra cosa
watch-quiet-days = Días sin solicitud
watch-least = Pacientes al día que nunca son demasiados
watch-least-help = Un día con no más de estos nunca se señala.
watch-spread = Cuánto por encima de lo habitual
watch-spread-help = Se señala un día por encima de la mediana de los últimos 28 días más este número de desviaciones (1,4826 × MAD), de la persona y de su función. Con 3 se señala más, con 6 menos.
watch-figure-looks = { $count ->
    [one] { $count } mirada
   *[other] { $count } miradas
 }
watch-figure-patients = { $count ->
    [one] { $count } paciente
   *[other] { $count } pacientes
 }
watch-figure-own = habitual hasta { $count }
watch-figure-role = colegas hasta { $count }
flash-watch-looked = Se revisó el registro.
audit-action-watch-keep = Guardó lo inusual
audit-action-watch-list = Miró las miradas inusuales
audit-action-watch-look = Revisó el registro en busca de lo inusual
audit-action-watch-sign = Revisó una mirada inusual
audit-kind-finding = Mirada inusual
audit-detail-day = día
