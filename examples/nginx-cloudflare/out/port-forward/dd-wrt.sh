#!/bin/sh
# edge, from main.hedge by hedgerow 0.1.0.
# For a shell on the router (SSH). It replaces all forwards that are there; the old ones are kept in /tmp.
set -eu
# DD-WRT
nvram get forward_spec > /tmp/hedgerow-forward_spec.old || true
nvram set forward_spec='ha-443:on:tcp:443>10.4.10.10:443<103.21.244.0/22 ha-443-2:on:tcp:443>10.4.10.10:443<103.22.200.0/22 ha-443-3:on:tcp:443>10.4.10.10:443<103.31.4.0/22 ha-443-4:on:tcp:443>10.4.10.10:443<104.16.0.0/13 ha-443-5:on:tcp:443>10.4.10.10:443<104.24.0.0/14 ha-443-6:on:tcp:443>10.4.10.10:443<108.162.192.0/18 ha-443-7:on:tcp:443>10.4.10.10:443<131.0.72.0/22 ha-443-8:on:tcp:443>10.4.10.10:443<141.101.64.0/18 ha-443-9:on:tcp:443>10.4.10.10:443<162.158.0.0/15 ha-443-10:on:tcp:443>10.4.10.10:443<172.64.0.0/13 ha-443-11:on:tcp:443>10.4.10.10:443<173.245.48.0/20 ha-443-12:on:tcp:443>10.4.10.10:443<188.114.96.0/20 ha-443-13:on:tcp:443>10.4.10.10:443<190.93.240.0/20 ha-443-14:on:tcp:443>10.4.10.10:443<197.234.240.0/22 ha-443-15:on:tcp:443>10.4.10.10:443<198.41.128.0/17'
nvram get forwardspec_entries > /tmp/hedgerow-forwardspec_entries.old || true
nvram set forwardspec_entries='15'
nvram commit
stopservice firewall
startservice firewall
