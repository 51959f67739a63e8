#!/bin/sh
# edge, from main.hedge by hedgerow 0.1.0.
# For a shell on the router (SSH). It replaces all forwards that are there; the old ones are kept in /tmp.
set -eu
# Asuswrt and Asuswrt-Merlin
# Firmware before 3.0.0.4.384 does not know the source of a forward, and would open the port to everybody.
knows=no
case "$(nvram get firmver)" in
    3.0.0.4) build=$(nvram get buildno); [ "${build%%.*}" -ge 384 ] && knows=yes ;;
    3.0.0.[5-9]*) knows=yes ;;
esac
if [ "$knows" = no ]; then
    echo "this firmware cannot keep the senders apart: nothing was changed" >&2
    exit 1
fi
nvram get vts_enable_x > /tmp/hedgerow-vts_enable_x.old || true
nvram set vts_enable_x='1'
nvram get vts_rulelist > /tmp/hedgerow-vts_rulelist.old || true
nvram set vts_rulelist='<ha-443>443>10.4.10.10>443>TCP>103.21.244.0/22<ha-443-2>443>10.4.10.10>443>TCP>103.22.200.0/22<ha-443-3>443>10.4.10.10>443>TCP>103.31.4.0/22<ha-443-4>443>10.4.10.10>443>TCP>104.16.0.0/13<ha-443-5>443>10.4.10.10>443>TCP>104.24.0.0/14<ha-443-6>443>10.4.10.10>443>TCP>108.162.192.0/18<ha-443-7>443>10.4.10.10>443>TCP>131.0.72.0/22<ha-443-8>443>10.4.10.10>443>TCP>141.101.64.0/18<ha-443-9>443>10.4.10.10>443>TCP>162.158.0.0/15<ha-443-10>443>10.4.10.10>443>TCP>172.64.0.0/13<ha-443-11>443>10.4.10.10>443>TCP>173.245.48.0/20<ha-443-12>443>10.4.10.10>443>TCP>188.114.96.0/20<ha-443-13>443>10.4.10.10>443>TCP>190.93.240.0/20<ha-443-14>443>10.4.10.10>443>TCP>197.234.240.0/22<ha-443-15>443>10.4.10.10>443>TCP>198.41.128.0/17'
nvram commit
service restart_firewall
