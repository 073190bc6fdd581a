### Búsquedas guardadas del registro de auditoría y rondas de accesos.

## Buscar en el registro
audit-anybody = Cualquiera
audit-who-token = { $name } (token de API)
audit-who-other = Otra persona ({ $id })
audit-ticket = Número de solicitud
audit-patient = Sobre quién
audit-patient-this = El paciente del que viene
audit-source = Vía de entrada
audit-last = Tiempo
audit-last-all = Cualquiera, o los días de abajo
audit-last-1 = Hoy
audit-last-7 = Los últimos 7 días
audit-last-30 = Los últimos 30 días
audit-last-90 = Los últimos 90 días
audit-download = Descargar lo encontrado
audit-note-field = Una parte de esta búsqueda ya no existe. Se dejó fuera; se buscó lo demás.
audit-note-who = La persona que nombra esta búsqueda ya no tiene acceso. Lo que hizo se sigue encontrando.
audit-note-patient = Ese paciente ya no existe. Lo que el registro cuenta de él se sigue encontrando.
audit-note-ticket = No hay ninguna solicitud con este número.
audit-note-action = Ya nada se llama así en el registro. Puede que entradas antiguas lo tengan.
audit-note-day = Un día no se pudo leer y se dejó fuera.
audit-kept = Búsquedas guardadas
audit-kept-by = compartida por { $who }
audit-kept-keep = Guardar esta búsqueda
audit-kept-change = Renombrar, compartir o quitar
audit-kept-name = Nombre de la búsqueda
audit-kept-name-help = Para qué sirve, como «Rechazos de noche». Por favor, no escriba el nombre de nadie.
audit-kept-shared = Compartirla con quienes pueden leer el registro de auditoría
audit-kept-remove = Quitar esta búsqueda
audit-kept-error-name = Un nombre tiene de 1 a 100 caracteres, en una línea.
audit-kept-error-many = Ya guarda 20 búsquedas. Por favor, quite una primero.
audit-kept-error-changed = Esta búsqueda cambió mientras tanto. Por favor, mírela de nuevo.
flash-audit-kept-done = La búsqueda está guardada.
flash-audit-kept-removed = La búsqueda se quitó.
audit-action-audit-export = Descargó lo que encontró una búsqueda del registro
audit-action-audit-filters = Abrió búsquedas guardadas
audit-action-audit-forget = Quitó una búsqueda guardada
audit-action-audit-keep = Guardó una búsqueda
audit-action-audit-share = Renombró o compartió una búsqueda guardada
audit-kind-audit-filter = Búsqueda guardada
audit-detail-kept = guardada
audit-detail-shared = compartida
seen-log = En el registro de auditoría

## Rondas de accesos
access = Quién puede hacer qué
access-intro = Una vez por trimestre, otra persona mira qué puede abrir cada colega y cada token de API.
access-about = Cada trimestre se abre una ronda por sí sola, y queda abierta { $count ->
    [one] { $count } día
   *[other] { $count } días
 }. Otra persona mantiene, cambia o retira el acceso de cada colega y de cada token de API. Las rondas cerradas quedan aquí como prueba.
access-open = Abrir una ronda ahora
access-none = Aún no hay rondas
access-none-text = La primera se abre con el próximo trimestre. También puede abrir una ahora.
access-opened-on = Abierta el { $day }
access-closed-on = Cerrada el { $day }
access-due = Abierta hasta el { $day }
access-printed = Como estaba en { $clinic } el { $day }.
access-download = Descargar como tabla
access-waits = { $count ->
    [one] { $count } espera una decisión
   *[other] { $count } esperan una decisión
 }
access-decided = { $count ->
    [one] { $count } decidido
   *[other] { $count } decididos
 }
access-decide-help = ¿Sigue siendo lo que necesitan para su trabajo? Lo que decida se escribe en el registro de auditoría con su nombre.
access-all-decided = Todo está decidido
access-all-decided-text = Cierre la ronda, y queda como está. Imprima esta página o descargue la tabla como prueba.
access-close = Cerrar la ronda
access-keep = Mantener
access-change = Cambiar
access-change-now = Cambiarlo ahora
access-take = Retirar
access-own = Es suyo o lo hizo usted. Otra persona decide sobre ello.
access-beyond = Puede más que usted. Decide alguien que vela por la privacidad.
access-alone = Nadie más aquí puede decidir sobre esto. Se queda, y la ronda se puede cerrar sin ello.
access-only-administrator = Es la única persona con administración. Otra persona confirma la función; puede hacerlo quien vela por la privacidad.
access-opens = Abre { $count ->
    [one] { $count } cosa
   *[other] { $count } cosas
 }
access-labels = Pacientes con etiqueta que puede ver
access-queues = colas
access-queues-all = todas
access-factor = segundo factor
access-no-factor = sin segundo factor
access-last = visto por última vez el { $day }
access-last-never = nunca visto
access-until = funciona hasta el { $day }
access-token = Token de API
access-token-by = Token de API, hecho por { $who }
access-change-new = Nuevo
access-change-role = Otra función
access-change-more = Abre más
access-change-less = Abre menos
access-change-queues = Otras colas
access-change-second-factor = Cambió el segundo factor
access-decided-keep = Se mantiene
access-decided-change = Por cambiar
access-decided-changed = Cambiado
access-decided-take = Retirado
access-decided-ended = Ya había terminado
access-decided-unconfirmed = Nadie lo confirmó
access-decided-suspended = Nadie lo confirmó, y se retiró
access-decided-alone = Nadie más podía decidir
access-decided-by = { $who }, { $day }
access-by-itself = por sí sola
access-waiting = Espera
access-error-decided = Un colega se adelantó: ya está decidido. Por favor, mire lo que dijo.
access-error-changed = Lo que abre cambió mientras miraba. Por favor, mírelo de nuevo antes de decidir.
access-error-ended = Este acceso terminó mientras tanto. No hay nada que decidir.
access-error-closed = Esta ronda ha terminado.
access-error-last = Es la única persona con administración. Dé antes esa función a otra.
access-error-waits = Algo en esta ronda aún espera una decisión.
access-error-open = Ya hay una ronda abierta.
access-csv-round = Ronda
access-csv-name = Nombre
access-csv-kind = Qué
access-csv-opens = Abre
access-csv-labels = Pacientes con etiqueta
access-csv-queues = Colas
access-csv-factor = Segundo factor
access-csv-last = Última vez
access-csv-changes = Cambios desde la última ronda
access-csv-decision = Decisión
access-csv-by = Decidido por
access-csv-at = Decidido el
access-quarterly = Mirar cada trimestre quién puede hacer qué
access-days = Días que una ronda de accesos queda abierta
access-days-help = De 7 a 90. A quienes deciden se les recuerda 7 y 2 días antes del final.
access-suspend = Retirar el acceso a quien nadie confirmó
access-suspend-help = Al final de una ronda. Si no, se informa a quien vela por la privacidad. La última persona con administración siempre queda.
flash-access-opened = La ronda está abierta. Quienes deciden reciben un correo.
flash-access-closed = La ronda está cerrada.
flash-access-said-keep = Se mantiene.
flash-access-said-change = Anotado. Lo cambia quien gestiona al personal.
flash-access-said-take = Retirado. Ya no abre nada.
access-said-keep = mantener
access-said-change = cambiar
access-said-take = retirar
access-said-ended = había terminado
access-said-unconfirmed = nadie lo confirmó
access-said-suspended = nadie lo confirmó, retirado
access-said-alone = nadie más podía decidir
audit-action-access-close = Cerró una ronda de accesos
audit-action-access-decide = Decidió sobre un acceso
audit-action-access-export = Descargó una ronda de accesos
audit-action-access-go-on = Puso al día una ronda de accesos
audit-action-access-list = Miró las rondas de accesos
audit-action-access-open = Abrió una ronda de accesos
audit-action-access-read = Leyó una ronda de accesos
audit-kind-access-round = Ronda de accesos
audit-detail-quarter = trimestre
audit-detail-decision = decisión
audit-detail-unconfirmed = sin confirmar
audit-detail-reminded = recordado
audit-detail-staff = colega
audit-detail-token = token
notice-access-subject = Quién puede hacer qué: por favor, eche un vistazo
notice-access-look = Por favor, mírelo y diga qué se queda:
notice-access-round = Empezó una ronda ({ $at }) en la que usted mira quién puede hacer qué.
notice-access-change = Alguien que revisa quién puede hacer qué dijo que hay que cambiar el acceso de un colega ({ $at }). Usted gestiona el personal: cámbielo, por favor, o déjelo como está.
notice-access-ends = Pronto termina una ronda en la que usted mira quién puede hacer qué, y algo en ella aún espera ({ $at }).
notice-access-unconfirmed = Terminó una ronda de accesos ({ $at }), y nadie confirmó una parte de ella.
