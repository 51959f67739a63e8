"""A real Home Assistant with its HTTP server and API alone: reads configuration.yaml as Home Assistant reads it."""

import asyncio
import logging
import sys

from homeassistant import auth, config, config_entries, core, loader
from homeassistant.helpers import area_registry, device_registry, entity_registry, issue_registry, translation
from homeassistant.setup import async_setup_component


async def main(folder: str) -> None:
    hass = core.HomeAssistant(folder)
    hass.config.config_dir = folder
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    loader.async_setup(hass)
    translation.async_setup(hass)
    for registry in (area_registry, device_registry, entity_registry, issue_registry):
        await registry.async_load(hass)
    settings = await config.async_hass_config_yaml(hass)
    hass.config.skip_pip = True
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    for component in ("http", "api"):
        assert await async_setup_component(hass, component, settings), f"{component} refuses its settings"
    await hass.async_start()
    print("ready", flush=True)
    await asyncio.Event().wait()


logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
asyncio.run(main(sys.argv[1]))
