"""The extensions that are refused, those that may be refused besides, and those of archives."""

from __future__ import annotations

LISTED: tuple[str, ...] = tuple(
    "ade adp apk bat chm cmd com cpl dll dmg exe hta ins isp iso jar js jse lib lnk mde msc msi msp mst nsh pif scr"
    " sct shb sys vb vbe vbs vxd wsc wsf wsh cab".split()
)
"""送信不可ファイル形式: all 39, in the manual's order (S13)."""

OFFERED: tuple[str, ...] = tuple(
    "appinstaller application appref-ms appx appxbundle asp aspx bas cer class crt csh der diagcab diagcfg"
    " diagpkg elf ex ex_ fxp gadget grp hlp hpj img inf its jnlp ksh library-ms mad maf mag mam maq mar mas"
    " mat mau mav maw mcf mda mdb mdt mdw mdz mht mhtml mjs msh msh1 msh2 mshxml msix msixbundle ops osd pcd"
    " pkg pl prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 psm1 pssc pst py pyc pyo pyw"
    " pyz pyzw reg scf search-ms settingcontent-ms sh shs theme tmp udl url vbp vhd vhdx vsmacros vsw webpnp"
    " website ws wsb xbap xll xnk".split()
)
"""What others refuse besides: offered to the administrator, none of it refused by itself."""

ARCHIVES = frozenset(
    "zip zipx 7z rar gz tgz tar bz2 tbz tbz2 xz txz zst tzst lz lz4 lzh lha arj ace z cpio wim xar war ear".split()
)
"""Extensions of archives."""
