// Records what robfig/cron makes of schedules: its errors, and the next times in zones and around changes of the clock.
// `make goldens` writes golden.jsonl, a line a schedule and zone.
package main

import (
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

var specs = strings.Split(strings.TrimSpace(`
* * * * *
*/7 * * * *
5/15 * * * *
0 0 * * *
30 1 * * *
30 2 * * *
59 23 * * *
0 */3 * * *
15,45 8-18/2 * * MON-FRI
0 12 1 * *
0 12 31 * *
0 0 29 2 *
0 0 30 2 *
0 9 13 * FRI
0 9 */2 * FRI
0 9 ? * sun
0 0 1 JAN,jul *
0 0 * 2-4 1,3,5
0 0 1-7 * */7
1-5,10-12/2,30 4 * * *
@yearly
@annually
@monthly
@weekly
@daily
@midnight
@hourly
@Hourly
@every 90s
@every 1h30m
@every 1.5h
@every 300ms
@every 2500ms
TZ=Asia/Kolkata 30 9 * * *
CRON_TZ=America/New_York 30 1 * * *
CRON_TZ=UTC @daily

* * * *
* * * * * *
60 * * * *
* 24 * * *
* * 0 * *
* * * 13 *
* * * * 7
* * * * FUN
a * * * *
-1 * * * *
5-1 * * * *
1-2-3 * * * *
1/2/3 * * * *
*/0 * * * *
*/-2 * * * *
@fortnightly
@every
@every x
@every -5s
@every 5
TZ=Mars/Olympus * * * * *
1,,2 * * * *
`), "\n")

// None whose clocks change by half an hour: there it leaves days out.
var zones = []string{"UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo"}

var afters = []string{
	"2026-01-01T00:00:00Z", "2026-02-28T23:59:59Z", "2026-03-08T05:59:00Z", "2026-03-08T06:30:00Z", "2026-03-08T07:00:00Z",
	"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-10-25T00:15:00Z", "2026-10-25T01:15:00Z", "2026-11-01T05:29:59Z",
	"2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-12-31T23:59:30Z", "2018-11-04T02:00:00Z", "2026-04-04T14:45:00Z",
	"2026-06-15T12:34:56.789Z",
}

type record struct {
	Spec  string   `json:"spec"`
	Zone  string   `json:"zone"`
	Next  []string `json:"next,omitempty"` // after each of the first line's; "" where there is none
	Error string   `json:"error,omitempty"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.Encode(afters)
	for _, spec := range specs {
		for _, zone := range zones {
			text := spec
			if !strings.Contains(spec, "TZ=") && spec != "" {
				text = "CRON_TZ=" + zone + " " + spec
			}
			schedule, err := cron.ParseStandard(text)
			if err != nil {
				out.Encode(record{Spec: spec, Zone: zone, Error: err.Error()})
				break
			}
			r := record{Spec: spec, Zone: zone}
			for _, after := range afters {
				at, _ := time.Parse(time.RFC3339Nano, after)
				next := ""
				if t := schedule.Next(at); !t.IsZero() {
					next = t.UTC().Format(time.RFC3339)
				}
				r.Next = append(r.Next, next)
			}
			out.Encode(r)
		}
	}
}
